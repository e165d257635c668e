using Tidings.Pressure;
using Tidings.Quotas;

namespace Tidings.Tests.Pressure;

public sealed class BodyBudgetTests
{
    private static readonly Sender One = Sender.Of(null, new AddressKey(1));
    private static readonly Sender Two = Sender.Of(null, new AddressKey(2));

    [Fact]
    public void A_sender_over_its_share_is_refused_alone()
    {
        var budget = new BodyBudget(800, 200);
        Assert.Equal(BodyAdmission.Granted, budget.TryGrow(One, 200));
        Assert.Equal(BodyAdmission.SenderFull, budget.TryGrow(One, 1));
        Assert.Equal(BodyAdmission.Granted, budget.TryGrow(Two, 200));
        budget.Shrink(One, 50);
        Assert.Equal(BodyAdmission.Granted, budget.TryGrow(One, 50));
        Assert.Equal(400, budget.Bytes);
    }

    [Fact]
    public void All_together_leave_the_last_part_to_the_server()
    {
        var budget = new BodyBudget(800, 400);
        Assert.Equal(BodyAdmission.Granted, budget.TryGrow(One, 400));
        Assert.Equal(BodyAdmission.Granted, budget.TryGrow(Two, 300));
        Assert.Equal(BodyAdmission.AllFull, budget.TryGrow(Two, 1));
        Assert.Equal(BodyAdmission.Granted, budget.TryGrow(Sender.Server, 100));
        Assert.Equal(BodyAdmission.AllFull, budget.TryGrow(Sender.Server, 1));
        budget.Shrink(Sender.Server, 100);
        budget.Shrink(Two, 300);
        budget.Shrink(One, 400);
        Assert.Equal(0, budget.Bytes);
    }

    [Fact]
    public void A_sender_has_a_few_places_and_the_server_as_many_as_it_wants()
    {
        var budget = new BodyBudget(800, 400);
        for (var i = 0; i < BodyBudget.PlacesPerSender; i++)
        {
            Assert.True(budget.TryWait(One) && budget.TryWait(Sender.Server));
        }

        Assert.False(budget.TryWait(One));
        Assert.True(budget.TryWait(Two) && budget.TryWait(Sender.Server));
        budget.EndWait(One);
        Assert.True(budget.TryWait(One));
    }

    [Fact]
    public void The_largest_message_fits_however_little_memory_there_is()
    {
        var budget = BodyBudget.OfProcess(1 << 30);
        Assert.Equal(BodyAdmission.Granted, budget.TryGrow(One, 1 << 30));
    }
}

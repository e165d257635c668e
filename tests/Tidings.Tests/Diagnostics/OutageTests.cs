using Tidings.Diagnostics;
using Tidings.Testing;

namespace Tidings.Tests.Diagnostics;

public sealed class OutageTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void It_is_told_when_it_begins_and_when_it_is_over_and_not_in_between()
    {
        var outage = new Outage(_time);
        Assert.Null(outage.Ends());
        Assert.True(outage.Begins("away"));
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.False(outage.Begins("away"));
        }

        Assert.Equal(new OutageEnd(101, TimeSpan.FromSeconds(100)), outage.Ends());
        Assert.Null(outage.Ends());
        Assert.True(outage.Begins("away"));
    }

    [Fact]
    public void Another_reason_is_told_but_not_an_endless_number_of_them()
    {
        var outage = new Outage(_time);
        Assert.Equal(8, Enumerable.Range(0, 100).Count(i => outage.Begins($"reason {i}")));
        Assert.Equal(100, outage.Ends()!.Value.Failures);
    }

    [Fact]
    public void Where_some_succeed_meanwhile_it_is_over_when_none_has_failed_for_a_while()
    {
        var outage = new Outage(_time, TimeSpan.FromSeconds(10));
        Assert.True(outage.Begins("slow"));
        for (var i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            Assert.Null(outage.Ends());
            Assert.False(outage.Begins("slow"));
        }

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(21, outage.Ends()!.Value.Failures);
    }
}

using Tidings.Connections;
using Tidings.Testing;

namespace Tidings.Tests.Connections;

public class SenderRatesTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Each_user_and_each_address_without_one_has_its_own()
    {
        var rates = new SenderRates(new RateLimit(1, 1), new RateLimit(1, 1), _time);
        var (here, there) = (new AddressKey(1), new AddressKey(2));
        Assert.True(rates.TryContent("ann", here));
        Assert.False(rates.TryContent("ann", there));
        Assert.True(rates.TryContent("bob", here));
        Assert.True(rates.TryContent(null, here));
        Assert.False(rates.TryContent(null, here));
        Assert.True(rates.TryContent(null, there));
        Assert.True(rates.TryAsk("ann", here));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(rates.TryContent("ann", here));
    }

    [Fact]
    public void However_many_come_a_bounded_number_is_remembered_and_the_others_share_what_one_may()
    {
        const int Many = 10_000;
        var rates = new SenderRates(new RateLimit(1, 1), RateLimit.None, _time);
        for (var i = 0; i < Many; i++)
        {
            Assert.True(rates.TryContent($"user{i}", default));
        }

        Assert.True(rates.TryContent("one more", default));
        Assert.False(rates.TryContent("and another", default));
        Assert.Equal(Many, rates.Count);

        // Those who were refused long ago are as good as new.
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(rates.TryContent("and another", default));
        Assert.Equal(1, rates.Count);
    }

    [Fact]
    public void Without_a_limit_nobody_is_remembered()
    {
        var rates = new SenderRates(RateLimit.None, RateLimit.None, _time);
        Assert.True(rates.TryContent("ann", default));
        Assert.Equal(0, rates.Count);
    }
}

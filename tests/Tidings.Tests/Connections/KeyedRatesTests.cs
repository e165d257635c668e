using Tidings.Quotas;

namespace Tidings.Tests.Connections;

public sealed class KeyedRatesTests
{
    private const long Second = 1_000_000_000;

    [Fact]
    public void Each_key_has_a_rate_of_its_own()
    {
        var rates = new KeyedRates<string>(new RateLimit(1, 1));
        Assert.Equal([0, 0, 1000, 1000], new[] { "ada", "bob", "ada", "bob" }.Select(user => rates.TryTake(user, 0)));
        Assert.Equal(0, rates.TryTake("ada", Second));
    }

    [Fact]
    public void B35_a_million_keys_are_not_kept_once_they_have_their_tokens_back()
    {
        var rates = new KeyedRates<int>(new RateLimit(10, 10));
        for (var i = 0; i < 1_000_000; i++)
        {
            // A thousand new ones in each tenth of a second, which is how long one token takes to come back.
            rates.TryTake(i, i * (Second / 10_000));
        }

        Assert.InRange(rates.Count, 1, 4_096);
    }

    [Fact]
    public void A_key_that_owes_something_is_never_forgotten()
    {
        var rates = new KeyedRates<int>(new RateLimit(1, 1));
        Assert.Equal(0, rates.TryTake(-1, 0));
        for (var i = 0; i < 10_000; i++)
        {
            rates.TryTake(i, 0);
        }

        Assert.Equal(1000, rates.TryTake(-1, 0));
    }

    [Fact]
    public void However_many_come_a_bounded_number_is_told_apart_and_the_others_share_one_bucket()
    {
        var rates = new KeyedRates<string>(new RateLimit(1, 1), most: 100);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(0, rates.TryTake($"user{i}", 0));
        }

        Assert.Equal(0, rates.TryTake("one more", 0));
        Assert.Equal(1000, rates.TryTake("and another", 0));
        Assert.Equal(1000, rates.TryTake("user0", 0));
        Assert.Equal(100, rates.Count);

        // Those who have their tokens back are as good as new.
        Assert.Equal(0, rates.TryTake("and another", 2 * Second));
        Assert.Equal(1, rates.Count);
    }
}

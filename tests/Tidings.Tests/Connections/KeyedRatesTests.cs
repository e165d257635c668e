using Tidings.Connections;

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
}

using TestKit;
using Tidings.Quotas;

namespace Tidings.Tests.Connections;

public sealed class TokenBucketTests
{
    [Fact]
    public void A_new_bucket_has_its_whole_burst_and_no_more()
    {
        var bucket = default(TokenBucket);
        var limit = new RateLimit(10, 5);
        Assert.Equal([true, true, true, true, true, false, false], Enumerable.Range(0, 7).Select(_ => bucket.TryTake(limit, 0)).ToArray());
    }

    [Theory]
    [InlineData(99, false)]
    [InlineData(100, true)]
    public void A_token_comes_back_after_its_part_of_a_second(int milliseconds, bool there)
    {
        var bucket = default(TokenBucket);
        var limit = new RateLimit(10, 1);
        Assert.True(bucket.TryTake(limit, 1_000));
        Assert.False(bucket.TryTake(limit, 1_000));
        Assert.Equal(there, bucket.TryTake(limit, 1_000 + milliseconds));
    }

    [Fact]
    public void Asking_in_vain_costs_nothing()
    {
        var bucket = default(TokenBucket);
        var limit = new RateLimit(1, 1);
        Assert.True(bucket.TryTake(limit, 0));
        for (var now = 1; now < 1_000; now++)
        {
            Assert.False(bucket.TryTake(limit, now));
        }

        Assert.True(bucket.TryTake(limit, 1_000));
    }

    [Fact]
    public void No_limit_is_no_limit()
    {
        var bucket = default(TokenBucket);
        Assert.All(Enumerable.Range(0, 10_000), _ => Assert.True(bucket.TryTake(RateLimit.None, 0)));
    }

    [Fact]
    public void A_refusal_says_when_there_is_a_token_again()
    {
        var bucket = default(TokenBucket);
        var limit = new RateLimit(10, 1);
        Assert.True(bucket.TryTake(limit, 1_000));
        Assert.False(bucket.TryTake(limit, 1_030));
        Assert.Equal(70, bucket.Wait(limit));
        Assert.True(bucket.TryTake(limit, 1_100));
    }

    [Fact]
    public void What_is_larger_than_the_bucket_passes_and_is_paid_for_afterwards()
    {
        var bucket = default(TokenBucket);
        var limit = RateLimit.Of(1_000);
        Assert.True(bucket.TryOverdraw(limit, 5_000, 0));
        Assert.False(bucket.TryOverdraw(limit, 1, 0));
        Assert.Equal(4_001, bucket.Wait(limit));
        Assert.False(bucket.TryOverdraw(limit, 1, 4_000));
        Assert.True(bucket.TryOverdraw(limit, 1, 4_001));
    }

    [Fact]
    public void A_gigabyte_a_second_and_a_year_of_silence_do_not_overflow()
    {
        var bucket = default(TokenBucket);
        var limit = RateLimit.Of(1 << 30);
        Assert.True(bucket.TryOverdraw(limit, 1 << 30, 1));
        Assert.True(bucket.TryOverdraw(limit, 1 << 30, 365L * 24 * 3600 * 1000));
        Assert.False(bucket.TryOverdraw(limit, 1, 365L * 24 * 3600 * 1000));
    }

    [Fact]
    public void Over_any_stretch_of_time_no_more_than_burst_and_rate_are_let_through() => Seeds.Each(200, random =>
    {
        var bucket = default(TokenBucket);
        var limit = new RateLimit(random.Next(1, 2_000), random.Next(1, 300));
        var taken = new List<long>();
        long now = random.Next(100_000);
        for (var i = 0; i < 2_000; i++)
        {
            now += random.Next(3) == 0 ? random.Next(50) : 0;
            if (bucket.TryTake(limit, now))
            {
                taken.Add(now);
            }
        }

        for (var from = 0; from < taken.Count; from += 17)
        {
            var most = limit.Burst + ((taken[^1] - taken[from]) * limit.PerSecond / 1000.0);
            Assert.True(taken.Count - from <= most + 1e-9, $"{taken.Count - from} of at most {most}");
        }
    });
}

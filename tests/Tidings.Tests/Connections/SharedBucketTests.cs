using TestKit;
using Tidings.Quotas;

namespace Tidings.Tests.Connections;

public sealed class SharedBucketTests
{
    private const long Millisecond = 1_000_000;

    private static readonly RateLimit TenASecond = new(10, 3);

    [Fact]
    public void A_new_bucket_has_its_whole_burst_and_says_when_the_next_token_comes()
    {
        var bucket = new SharedBucket();
        Assert.Equal([0, 0, 0, 100, 100], Enumerable.Range(0, 5).Select(_ => bucket.TryTake(TenASecond, 0)));
        Assert.Equal(40, bucket.TryTake(TenASecond, 60 * Millisecond));
        Assert.Equal(0, bucket.TryTake(TenASecond, 100 * Millisecond));
        Assert.Equal(100, bucket.TryTake(TenASecond, 100 * Millisecond));
    }

    [Fact]
    public void Who_waits_as_long_as_he_was_told_is_let_through() => Seeds.Each(200, random =>
    {
        var bucket = new SharedBucket();
        var limit = new RateLimit(random.Next(1, 5_000), random.Next(1, 100));
        long now = random.Next(1_000) * Millisecond;
        for (var i = 0; i < 500; i++)
        {
            if (bucket.TryTake(limit, now) is var wait and > 0)
            {
                now += wait * Millisecond;
                Assert.Equal(0, bucket.TryTake(limit, now));
            }
        }
    });

    [Fact]
    public void Over_any_stretch_of_time_no_more_than_burst_and_rate_are_let_through() => Seeds.Each(200, random =>
    {
        var bucket = new SharedBucket();
        var limit = new RateLimit(random.Next(1, 2_000), random.Next(1, 300));
        var taken = new List<long>();
        long now = random.Next(100_000);
        for (var i = 0; i < 2_000; i++)
        {
            now += random.Next(3) == 0 ? random.Next(50) * Millisecond : 0;
            if (bucket.TryTake(limit, now) == 0)
            {
                taken.Add(now);
            }
        }

        for (var from = 0; from < taken.Count; from += 17)
        {
            var most = limit.Burst + ((taken[^1] - taken[from]) * limit.PerSecond / 1e9);
            Assert.True(taken.Count - from <= most * (1 + 1e-6), $"{taken.Count - from} of at most {most}");
        }
    });

    [Fact]
    public async Task However_many_threads_ask_each_token_is_given_once()
    {
        var bucket = new SharedBucket();
        var limit = new RateLimit(1, 10_000);
        var counts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 5_000).Count(_ => bucket.TryTake(limit, 0) == 0))));
        Assert.Equal(10_000, counts.Sum());
    }

    [Fact]
    public void What_is_overdrawn_is_waited_for()
    {
        var bucket = new SharedBucket();
        Assert.Equal(0, bucket.TryTake(TenASecond, 0));
        bucket.Overdraw(TenASecond, 20, 0);
        Assert.Equal(1_900, bucket.TryTake(TenASecond, 0));
        Assert.Equal(0, bucket.TryTake(TenASecond, 1_900 * Millisecond));
    }
}

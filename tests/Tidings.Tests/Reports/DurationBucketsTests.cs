using Tidings.Reports;

namespace Tidings.Tests.Reports;

public sealed class DurationBucketsTests
{
    [Fact]
    public void A_percentile_is_never_too_low_and_at_most_an_eighth_too_high()
    {
        var buckets = new DurationBuckets();
        for (var microseconds = 1L; microseconds < 2_000_000_000_000; microseconds = (microseconds * 17 / 16) + 1)
        {
            var counted = Math.Min(microseconds, 1_000_000_000_000);
            buckets.Add(microseconds / 1e6);
            var (count, found) = buckets.Take(0.5);
            Assert.Equal(1, count);
            Assert.InRange(found![0], counted / 1000.0 * 0.999, ((counted * 1.125) + 1) / 1000.0);
        }
    }

    [Fact]
    public void Percentiles_are_those_of_what_was_added_since_the_last_time()
    {
        var buckets = new DurationBuckets();
        Assert.Equal((0, null), buckets.Take(0.5, 0.99));
        for (var i = 1; i <= 100; i++)
        {
            buckets.Add(i <= 98 ? 0.001 : 1);
        }

        var (count, found) = buckets.Take(0.5, 0.99);
        Assert.Equal(100, count);
        Assert.InRange(found![0], 1, 1.13);
        Assert.InRange(found[1], 1000, 1130);
        Assert.Equal(0, buckets.Take(0.5).Count);
    }

    [Fact]
    public void Whatever_is_measured_is_counted()
    {
        var buckets = new DurationBuckets();
        foreach (var seconds in new[] { 0, -1, 1e300, double.PositiveInfinity, 1e-12 })
        {
            buckets.Add(seconds);
        }

        Assert.Equal(5, buckets.Take(0.99).Count);
    }
}

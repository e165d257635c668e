using System.Numerics;

namespace Tidings.Reports;

/// <summary>Counts durations in buckets, eight to each doubling, so that a percentile is at most an eighth too high. Safe from any thread.</summary>
internal sealed class DurationBuckets
{
    private const int PerDoubling = 8;
    private const int Doublings = 40;

    private readonly long[] _counts = new long[PerDoubling * Doublings];

    /// <summary>Counts a duration, to the microsecond; what takes longer than 12 days counts as that.</summary>
    public void Add(double seconds) => Interlocked.Increment(ref _counts[IndexOf((ulong)Math.Clamp(seconds * 1e6, 0, 1e12))]);

    /// <summary>Takes out what was counted.</summary>
    /// <param name="shares">Which percentiles, as 0.99; in rising order.</param>
    /// <returns>How many there were, and each percentile in milliseconds; null where there were none.</returns>
    public (long Count, double[]? Milliseconds) Take(params ReadOnlySpan<double> shares)
    {
        var counts = new long[_counts.Length];
        var count = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = Interlocked.Exchange(ref _counts[i], 0);
            count += counts[i];
        }

        if (count == 0)
        {
            return (0, null);
        }

        var found = new double[shares.Length];
        var (seen, next) = (0L, 0);
        for (var i = 0; i < counts.Length && next < shares.Length; i++)
        {
            seen += counts[i];
            while (next < shares.Length && seen >= shares[next] * count)
            {
                found[next++] = UpperBound(i) / 1000.0;
            }
        }

        return (count, found);
    }

    // Below eight microseconds each has a bucket of its own; from there on the three bits after the first choose among eight.
    private static int IndexOf(ulong microseconds)
    {
        if (microseconds < PerDoubling)
        {
            return (int)microseconds;
        }

        var doubling = BitOperations.Log2(microseconds) - 3;
        return Math.Min(((doubling + 1) * PerDoubling) + (int)((microseconds >> doubling) & (PerDoubling - 1)), (PerDoubling * Doublings) - 1);
    }

    private static double UpperBound(int index) =>
        index < PerDoubling ? index + 1 : Math.ScaleB((index % PerDoubling) + PerDoubling + 1, (index / PerDoubling) - 1);
}

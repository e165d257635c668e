using System.Numerics;

namespace Tidings.Server.Bench;

/// <summary>Counts times, exact to 1/64 of each. Safe from any thread.</summary>
internal sealed class LatencyHistogram
{
    private const int Bits = 6;
    private const int Steps = 1 << Bits;

    private readonly long[] _buckets = new long[(65 - Bits) * Steps];
    private long _most;

    public void Add(TimeSpan time)
    {
        var value = (ulong)Math.Max(0, time.Ticks);
        var shift = Math.Max(0, BitOperations.Log2(value | 1) - Bits);
        Interlocked.Increment(ref _buckets[(shift * Steps) + (int)(value >> shift)]);
        var most = Volatile.Read(ref _most);
        while (time.Ticks > most && Interlocked.CompareExchange(ref _most, time.Ticks, most) is var seen && seen != most)
        {
            most = seen;
        }
    }

    public TimeSpan Most => TimeSpan.FromTicks(Volatile.Read(ref _most));

    /// <summary>What this share (0 to 1) of all times does not exceed; zero of none.</summary>
    public TimeSpan At(double share)
    {
        var all = 0L;
        foreach (ref var bucket in _buckets.AsSpan())
        {
            all += Volatile.Read(ref bucket);
        }

        var left = (long)Math.Ceiling(all * share);
        for (var i = 0; i < _buckets.Length && all > 0; i++)
        {
            left -= Volatile.Read(ref _buckets[i]);
            if (left <= 0)
            {
                // The first range has 2 * Steps values of its own; every later one begins at its upper half.
                var shift = i < 2 * Steps ? 0 : (i / Steps) - 1;
                var upper = ((long)(i - (shift * Steps)) << shift) + (1L << shift) - 1;
                return TimeSpan.FromTicks(Math.Min(upper, Volatile.Read(ref _most)));
            }
        }

        return TimeSpan.Zero;
    }
}

using System.Diagnostics;

namespace Tidings.Connections;

/// <summary>A token bucket that many threads share, without a lock.</summary>
/// <remarks>It keeps one number, the instant at which the bucket will be full again (the generic cell rate algorithm): a token taken
/// puts it off by a token's time, and there is none left where it lies further ahead than the burst takes to come back.</remarks>
internal sealed class SharedBucket
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const int NanosecondsPerMillisecond = 1_000_000;

    private long _full;

    /// <summary>Takes a token if there is one.</summary>
    /// <param name="limit">The same at each call; it must limit something.</param>
    /// <param name="now">Nanoseconds of a clock that all callers share. It may lag a little behind what another caller has said.</param>
    /// <returns>0, or the milliseconds after which there is a token again.</returns>
    public int TryTake(RateLimit limit, long now)
    {
        Debug.Assert(limit.PerSecond > 0);
        var interval = NanosecondsPerSecond / limit.PerSecond;
        var burst = interval * limit.Burst;
        var seen = Volatile.Read(ref _full);
        while (true)
        {
            var next = Math.Max(seen, now) + interval;
            if (next - now > burst)
            {
                return (int)Math.Clamp((next - now - burst + NanosecondsPerMillisecond - 1) / NanosecondsPerMillisecond, 1, int.MaxValue);
            }

            var found = Interlocked.CompareExchange(ref _full, next, seen);
            if (found == seen)
            {
                return 0;
            }

            seen = found;
        }
    }

    /// <summary>Takes <paramref name="count"/> tokens whether they are there or not; what is asked next waits for them.</summary>
    public void Overdraw(RateLimit limit, int count, long now)
    {
        var cost = NanosecondsPerSecond / limit.PerSecond * count;
        var seen = Volatile.Read(ref _full);
        while (true)
        {
            var found = Interlocked.CompareExchange(ref _full, Math.Max(seen, now) + cost, seen);
            if (found == seen)
            {
                return;
            }

            seen = found;
        }
    }

    /// <summary>Whether nothing is missing, so that a new bucket would be just the same.</summary>
    public bool IsFull(long now) => Volatile.Read(ref _full) <= now;
}

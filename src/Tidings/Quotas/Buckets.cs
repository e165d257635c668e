using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Tidings.Quotas;

/// <summary>How often something may happen: so many a second in the long run, so many at once.</summary>
/// <param name="PerSecond">Tokens that come back each second; 0 means no limit.</param>
/// <param name="Burst">The most tokens there are at once; at least 1 where there is a limit.</param>
internal readonly record struct RateLimit(int PerSecond, int Burst)
{
    public static readonly RateLimit None;

    /// <summary>As many at once as in a second; 0 means no limit.</summary>
    public static RateLimit Of(int perSecond) => new(perSecond, perSecond);
}

/// <summary>A token bucket of 16 bytes. Not thread-safe: it belongs to its connection's lane.</summary>
internal struct TokenBucket
{
    // Thousandths of a token that are spent; a new bucket is full.
    private long _spent;
    private long _at;

    /// <summary>Takes a token if there is one. <paramref name="now"/> is in milliseconds and never goes back.</summary>
    public bool TryTake(RateLimit limit, long now)
    {
        if (limit.PerSecond == 0)
        {
            return true;
        }

        Refill(limit, now);
        if (_spent + 1000 > limit.Burst * 1000L)
        {
            return false;
        }

        _spent += 1000;
        return true;
    }

    /// <summary>Takes <paramref name="amount"/> tokens if there is one, and is then overdrawn by the others: what is larger than the
    /// bucket passes too, and what follows waits.</summary>
    public bool TryOverdraw(RateLimit limit, int amount, long now)
    {
        if (!TryTake(limit, now))
        {
            return false;
        }

        _spent += limit.PerSecond == 0 ? 0 : (amount - 1) * 1000L;
        return true;
    }

    /// <summary>The milliseconds after which there is a token, at least 1. Only after one was refused.</summary>
    public readonly int Wait(RateLimit limit)
    {
        var missing = _spent + 1000 - (limit.Burst * 1000L);
        return (int)Math.Clamp((missing + limit.PerSecond - 1) / limit.PerSecond, 1, int.MaxValue);
    }

    private void Refill(RateLimit limit, long now)
    {
        // Compared before it is multiplied: bytes a second times a long silence would overflow.
        var elapsed = now - _at;
        _spent = elapsed > _spent / limit.PerSecond ? 0 : _spent - (elapsed * limit.PerSecond);
        _at = now;
    }
}

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

/// <summary>One rate for each key, as an address or a user. Safe from any thread.</summary>
/// <param name="limit">The rate.</param>
/// <param name="most">How many keys are told apart at once; those that come beyond share one bucket.</param>
/// <remarks>It holds the keys that have spent something and not got it back yet, and at most as many again, or a thousand. Buckets are
/// looked up each time and never kept: a sender that leaves and comes back finds what it has spent.</remarks>
internal sealed class KeyedRates<TKey>(RateLimit limit, int most = 100_000)
    where TKey : notnull
{
    private const int Fewest = 1024;
    private const long SweepEvery = 1_000_000_000;

    private readonly ConcurrentDictionary<TKey, SharedBucket> _buckets = [];
    private readonly SharedBucket _beyond = new();
    private int _count;
    private int _sweepAt = Math.Min(Fewest, most);
    private long _sweepAgain = long.MinValue;

    /// <summary>How many keys are held.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes a token of <paramref name="key"/> if there is one; <paramref name="now"/> is in nanoseconds.</summary>
    /// <returns>0, or the milliseconds after which to try again.</returns>
    public int TryTake(TKey key, long now) => (_buckets.TryGetValue(key, out var bucket) ? bucket : Add(key, now)).TryTake(limit, now);

    private SharedBucket Add(TKey key, long now)
    {
        if (Count >= Volatile.Read(ref _sweepAt) && now >= Volatile.Read(ref _sweepAgain))
        {
            Sweep(now);
        }

        if (Count >= most)
        {
            return _beyond;
        }

        var made = new SharedBucket();
        var bucket = _buckets.GetOrAdd(key, made);
        if (bucket == made)
        {
            Interlocked.Increment(ref _count);
        }

        return bucket;
    }

    // A bucket from which somebody takes just as it is dropped gives one token too many. Each key added pays for a bounded part of it.
    private void Sweep(long now)
    {
        Volatile.Write(ref _sweepAt, int.MaxValue);
        foreach (var (key, bucket) in _buckets)
        {
            if (bucket.IsFull(now) && _buckets.TryRemove(KeyValuePair.Create(key, bucket)))
            {
                Interlocked.Decrement(ref _count);
            }
        }

        Volatile.Write(ref _sweepAgain, Count >= most ? now + SweepEvery : long.MinValue);
        Volatile.Write(ref _sweepAt, Math.Min(most, Math.Max(Fewest, 2 * Count)));
    }
}

/// <summary>One rate for all who want the same thing of this node, as handshakes. Safe from any thread.</summary>
internal sealed class SharedRate(RateLimit limit, TimeProvider time)
{
    private readonly SharedBucket _bucket = new();
    private readonly long _started = time.GetTimestamp();

    // Boxed: other threads see all of it or nothing.
    private volatile StrongBox<RateLimit> _limit = new(limit);

    /// <summary>Goes by another limit from now on. What was spent stays spent.</summary>
    public void Change(RateLimit limit) => _limit = new StrongBox<RateLimit>(limit);

    /// <summary>Takes a token if there is one.</summary>
    /// <returns>0, or the milliseconds after which to try again.</returns>
    public int TryTake() => _limit.Value is { PerSecond: > 0 } limit ? _bucket.TryTake(limit, Now) : 0;

    /// <summary>Takes tokens whether they are there or not.</summary>
    public void Overdraw(int count)
    {
        if (_limit.Value is { PerSecond: > 0 } limit)
        {
            _bucket.Overdraw(limit, count, Now);
        }
    }

    private long Now => (long)time.GetElapsedTime(_started).TotalNanoseconds;
}

using System.Collections.Concurrent;

namespace Tidings.Connections;

/// <summary>One rate for each key, as an address or a user. Safe from any thread.</summary>
/// <remarks>It holds the keys that have spent something and not got it back yet, and at most as many again, or a thousand. Rates are
/// looked up each time and never kept: who leaves and comes back finds what it has spent.</remarks>
internal sealed class KeyedRates<TKey>(RateLimit limit)
    where TKey : notnull
{
    private const int Fewest = 1024;

    private readonly ConcurrentDictionary<TKey, SharedBucket> _buckets = [];
    private int _count;
    private int _sweepAt = Fewest;

    /// <summary>How many keys are held.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes a token of <paramref name="key"/> if there is one; <paramref name="now"/> is in nanoseconds.</summary>
    /// <returns>0, or the milliseconds after which to try again.</returns>
    public int TryTake(TKey key, long now) => (_buckets.TryGetValue(key, out var bucket) ? bucket : Add(key, now)).TryTake(limit, now);

    private SharedBucket Add(TKey key, long now)
    {
        var made = new SharedBucket();
        var bucket = _buckets.GetOrAdd(key, made);
        if (bucket == made && Interlocked.Increment(ref _count) is var count && count >= Volatile.Read(ref _sweepAt))
        {
            Sweep(now);
        }

        return bucket;
    }

    // Whoever takes from a bucket just as it is dropped gets one token too many. Each key added pays for a bounded part of it.
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

        Volatile.Write(ref _sweepAt, Math.Max(Fewest, 2 * Count));
    }
}

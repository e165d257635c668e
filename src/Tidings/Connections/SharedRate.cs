using System.Runtime.CompilerServices;

namespace Tidings.Connections;

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

namespace Tidings.Connections;

/// <summary>One rate for all who want the same thing of this node, as handshakes. Safe from any thread.</summary>
internal sealed class SharedRate(RateLimit limit, TimeProvider time)
{
    private readonly SharedBucket _bucket = new();
    private readonly long _started = time.GetTimestamp();

    /// <summary>Takes a token if there is one.</summary>
    /// <returns>0, or the milliseconds after which to try again.</returns>
    public int TryTake() => limit.PerSecond == 0 ? 0 : _bucket.TryTake(limit, Now);

    /// <summary>Takes tokens whether they are there or not.</summary>
    public void Overdraw(int count)
    {
        if (limit.PerSecond != 0)
        {
            _bucket.Overdraw(limit, count, Now);
        }
    }

    private long Now => (long)time.GetElapsedTime(_started).TotalNanoseconds;
}

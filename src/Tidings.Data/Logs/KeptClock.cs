using Tidings.Brokers;

namespace Tidings.Data.Logs;

/// <summary>The clock by which the directory says when something was kept: the clock on the wall as it was at the start, and from then on one that nobody sets.
/// It never goes back, over starts neither. Safe from any thread.</summary>
/// <param name="time">The clock.</param>
/// <param name="last">The newest time in the directory.</param>
internal sealed class KeptClock(TimeProvider time, long last) : IBrokerClock
{
    private readonly long _base = Math.Max(last, time.GetUtcNow().ToUnixTimeMilliseconds()) - (long)time.GetElapsedTime(0).TotalMilliseconds;

    /// <summary>Milliseconds.</summary>
    public long Now => _base + (long)time.GetElapsedTime(0).TotalMilliseconds;

    /// <summary>What people read, in Unix milliseconds.</summary>
    public long Wall => time.GetUtcNow().ToUnixTimeMilliseconds();
}

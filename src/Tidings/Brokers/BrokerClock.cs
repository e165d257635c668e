namespace Tidings.Brokers;

/// <summary>The clock that all nodes share: it says the same on each of them, whatever their own clocks say. Safe from any thread.</summary>
/// <remarks>It does not wait. Two nodes may differ by what a network needs for an answer, and a node that the others cannot reach goes on by the difference it knew last.</remarks>
public interface IBrokerClock
{
    /// <summary>Unix milliseconds.</summary>
    long Now { get; }
}

/// <summary>The clock of a single node.</summary>
internal sealed class OwnClock(TimeProvider time) : IBrokerClock
{
    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();
}

using Tidings.Options;

namespace Tidings;

/// <summary>When new connections, and work that can wait, are refused so that those who are here are not harmed (docs/operations/overload.md).</summary>
public sealed class OverloadOptions
{
    /// <summary>The part of the memory that the process may use (a container's limit, where there is one) at which it begins, in percent. Default 90.</summary>
    [OptionRange("10", "100", Zero = "never")]
    public int MemoryPercent { get; set; } = 90;

    /// <summary>How long work waits for a thread of the pool when it begins. Default 1 s.</summary>
    [OptionRange("100ms", "1m", Zero = "never")]
    public TimeSpan QueueDelay { get; set; } = TimeSpan.FromSeconds(1);
}

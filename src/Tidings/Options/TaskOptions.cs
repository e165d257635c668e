using Tidings.Options;

namespace Tidings;

/// <summary>Tasks: work that takes long, and whose progress is watched (docs/guides/tasks.md).</summary>
public sealed class TaskOptions
{
    /// <summary>How many tasks of this process run at once, from 1 to 10,000. Default 4.</summary>
    [OptionRange("1", "10000")]
    public int Parallelism { get; set; } = 4;

    /// <summary>How many tasks of this process may wait for their turn; beyond it none is started. Default 1,000, from 0 to 1,000,000.</summary>
    [OptionRange("0", "1000000")]
    public int QueueLength { get; set; } = 1000;

    /// <summary>How long a task of this process may run before it is cancelled and failed. Default 1 h, from 10 ms to 30 d; 0 is no limit.</summary>
    [OptionRange("10ms", "30d", Zero = "no limit")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a task may be silent before its worker counts as lost, and the task as failed. Default 15 s, from 1 s to 1 d.</summary>
    [OptionRange("1s", "1d")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a task may wait for a worker outside before it counts as failed. Default 24 h, from 1 s to 30 d.</summary>
    [OptionRange("1s", "30d")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long a task is known after its end. Default 1 h, from 1 s to 30 d.</summary>
    [OptionRange("1s", "30d")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How many states of one task are told in a second, at most; of those between, the newest. Default 10, from 1 to 1,000. The final state is told at once.</summary>
    [OptionRange("1", "1000")]
    public int UpdatesPerSecond { get; set; } = 10;

    /// <summary>The most bytes of JSON that a task is given, and of its result. Default 256 KB, from 1 to 16 MB.</summary>
    [OptionRange("1", "16MB")]
    public long PayloadBytes { get; set; } = 256 * 1024;

    /// <summary>The most bytes of one task's output; beyond it a chunk is refused, and a task of this process fails. All outputs together are bounded by <c>Tidings:Streams:TotalBytes</c>. Default 16 MB, from 1 KB to 256 MB.</summary>
    [OptionRange("1KB", "256MB")]
    public long OutputBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>The most bytes of all tasks where they are kept in memory; beyond it none is started. Default 64 MB, from 64 KB to 16 GB.</summary>
    [OptionRange("64KB", "16GB")]
    public long MemoryBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>What becomes of running tasks when the process stops: they are cancelled, or may finish within <c>Tidings:Drain</c>. Default <see cref="TaskShutdown.Cancel"/>.</summary>
    public TaskShutdown Shutdown { get; set; }
}

/// <summary>What becomes of running tasks when the process stops. Those that still wait for their turn are cancelled.</summary>
public enum TaskShutdown
{
    /// <summary>They are cancelled.</summary>
    Cancel,

    /// <summary>They may finish, within <c>Tidings:Drain</c>; then they are cancelled.</summary>
    Wait,
}

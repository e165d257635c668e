namespace Tidings.Tasks;

/// <summary>What a run of a task has.</summary>
/// <param name="Data">What it is given, as JSON; empty where there is nothing.</param>
/// <param name="Progress">How it tells its progress.</param>
/// <param name="Output">What it says besides.</param>
internal sealed record TaskInvocation(ReadOnlyMemory<byte> Data, TaskProgress Progress, TaskOutput Output);

/// <summary>Does the work, and returns the result as JSON, or nothing.</summary>
internal delegate Task<ReadOnlyMemory<byte>> TaskBody(TaskInvocation invocation, CancellationToken cancellationToken);

/// <summary>A kind of task that this process does.</summary>
internal sealed record TaskKind(string Name, TaskBody Body)
{
    /// <summary>Which clients may cancel such tasks, of those who may watch them.</summary>
    public ChannelAccess Cancel { get; init; } = ChannelAccess.Server;

    /// <summary>How long one may run; zero is no limit.</summary>
    public TimeSpan TimeLimit { get; init; }
}

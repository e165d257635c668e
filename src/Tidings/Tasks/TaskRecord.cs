namespace Tidings.Tasks;

/// <summary>A task as it is kept. Immutable; each change makes another one with the next version.</summary>
internal sealed record TaskRecord(TaskState State)
{
    public const long FirstVersion = 1;

    /// <summary>1, 2, 3 …: what a change must know to be made.</summary>
    public long Version { get; init; } = FirstVersion;

    /// <summary>What the worker is given, as JSON; empty where there is nothing, and after the end.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Which clients may cancel it, of those who may watch it.</summary>
    public ChannelAccess Cancel { get; init; } = ChannelAccess.Server;

    /// <summary>The node in whose queue it is, or null: it is done by somebody outside.</summary>
    public string? Node { get; init; }

    /// <summary>Whether the final state has been told in the task's channel.</summary>
    public bool Announced { get; init; }

    public string Id => State.Id;

    /// <summary>The same with another state, or none but the lease renewed.</summary>
    public TaskRecord Next(TaskState state) => this with { State = state, Version = Version + 1, Data = state.IsFinal ? default : Data };
}

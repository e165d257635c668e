namespace Tidings.Tasks;

/// <summary>A task as it is kept. Immutable; each change makes another one with the next version.</summary>
/// <param name="State">What its viewers see.</param>
public sealed record TaskRecord(TaskState State)
{
    /// <summary>The version of a new one.</summary>
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

    /// <summary>The task's id.</summary>
    public string Id => State.Id;

    /// <summary>The next version: with another state, or the same where only its lease is renewed.</summary>
    /// <param name="state">The state.</param>
    public TaskRecord Next(TaskState state) => this with { State = state, Version = Version + 1, Data = state.IsFinal ? default : Data };

    /// <summary>All but the version, for stores that know no fields.</summary>
    public byte[] ToJson() => TaskRecordJson.Write(this);

    /// <summary>Reads what <see cref="ToJson"/> has written.</summary>
    /// <param name="json">The bytes.</param>
    /// <param name="version">The version.</param>
    /// <returns>Null where it is no task, as where somebody else has written it.</returns>
    public static TaskRecord? FromJson(ReadOnlyMemory<byte> json, long version) => TaskRecordJson.Read(json, version);
}

using System.Text.Json;

namespace Tidings;

/// <summary>Something that a back end is told: somebody came or went, a channel is occupied, a message was said (docs/guides/events.md).</summary>
/// <remarks>At least once, and in order for each channel and each user: what comes twice has the same <see cref="Id"/>.</remarks>
public sealed record ServerEvent
{
    /// <summary>What tells one event from all others.</summary>
    public required string Id { get; init; }

    /// <summary>What happened: one of the names in <see cref="ServerEventType"/>.</summary>
    public required string Type { get; init; }

    /// <summary>When it happened, by the clock of the node that saw it.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The channel, or null where it is about none.</summary>
    public string? Channel { get; init; }

    /// <summary>The user's id; of a member whom nobody knows, <c>~</c> and the connection's id; null where it is about nobody.</summary>
    public string? User { get; init; }

    /// <summary>The connection's id, or null.</summary>
    public string? Connection { get; init; }

    /// <summary>What else is known, by type; its kind is <see cref="JsonValueKind.Undefined"/> where nothing is.</summary>
    public JsonElement Data { get; init; }
}

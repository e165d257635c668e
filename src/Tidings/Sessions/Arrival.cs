using Tidings.Security.Identities;

namespace Tidings.Sessions;

/// <summary>Who arrives, and the channels subscribed at once.</summary>
internal sealed record Arrival
{
    /// <summary>The connection's id, where it was told to somebody already.</summary>
    public string? Connection { get; init; }

    /// <summary>Who it is; null for somebody anonymous.</summary>
    public Identity? Identity { get; init; }

    public ReadOnlyMemory<byte> Info { get; init; }

    public IReadOnlyList<string> Channels { get; init; } = [];
}

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

    /// <summary>Those of <see cref="Channels"/> that a token names: what was said there may be read back, and who is there be seen.</summary>
    public IReadOnlyList<string> Granted { get; init; } = [];
}

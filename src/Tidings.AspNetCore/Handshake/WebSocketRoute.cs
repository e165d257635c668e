using Microsoft.AspNetCore.Http;
using Tidings.Connections;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Handshake;

/// <summary>A WebSocket route without code of the application: from the request to a connection that lives by itself.</summary>
/// <param name="Settings">What holds for its connections.</param>
/// <param name="Handler">What it does with them.</param>
/// <param name="Counted">Whether the node's limits on connections hold here.</param>
internal sealed record WebSocketRoute(ConnectionSettings Settings, ConnectionHandler Handler, bool Counted = true)
{
    // What a client asks for by ?ping=frame.
    private readonly ConnectionSettings _framePings = Settings with { TextHeartbeat = false };

    public ConnectionSettings SettingsFor(HttpContext context) =>
        context.Request.Query["ping"] == "frame" ? _framePings : Settings;

    /// <summary>Says what is wrong with the request's values, or null.</summary>
    public Func<HttpContext, string?> Check { get; init; } = static _ => null;

    /// <summary>Makes the new connection a member of what the request names; says why it may not be, or null.</summary>
    public Func<HttpContext, Connection, ValueTask<DisconnectCode?>> Join { get; init; } = static (_, _) => default;
}

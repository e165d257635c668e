using Microsoft.AspNetCore.Http;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Security.Identities;

namespace Tidings.AspNetCore.Handshake;

/// <summary>A WebSocket route without code of the application: from the request to a connection that lives by itself.</summary>
/// <param name="Settings">What holds for its connections.</param>
/// <param name="Handler">What it does with them.</param>
/// <param name="Counted">Whether the node's limits on connections hold here.</param>
internal sealed record WebSocketRoute(LiveSettings Settings, ConnectionHandler Handler, bool Counted = true)
{
    // What a client asks for by ?ping=frame.
    private readonly LiveSettings _framePings = Settings.With(static settings => settings with { TextHeartbeat = false });

    public ConnectionSettings SettingsFor(HttpContext context) =>
        (context.Request.Query["ping"] == "frame" ? _framePings : Settings).Current;

    /// <summary>Says what is wrong with the request's values, or null.</summary>
    public Func<HttpContext, string?> Check { get; init; } = static _ => null;

    /// <summary>Refuses a handshake by what it says, in the numbers of the route's own protocol; or null.</summary>
    public Func<HttpContext, DisconnectCode?>? Refuses { get; init; }

    /// <summary>Reads from the request what it names; what comes back makes a new connection a member of that, and says why it may not
    /// be, or null; a <c>FieldFault</c> that it then leaves as the connection's tag says more to those who run the server. It is called when it is known
    /// whose the connection is, which may be long after the request.</summary>
    public Func<HttpContext, Func<Connection, ValueTask<DisconnectCode?>>> Join { get; init; } = static _ => static _ => default;

    /// <summary>For routes whose sessions begin by a command: what the connection keeps until that has come, or why it is refused. Asked with the request, who it says
    /// comes, and whether nobody anonymous is let in. Null where connections join at once.</summary>
    public Func<HttpContext, Identity?, bool, ValueTask<(object? Tag, DisconnectCode Refusal)>>? Prepare { get; init; }

    /// <summary>The subprotocols that are agreed to: the first of them that a client offers.</summary>
    public IReadOnlyList<string> Subprotocols { get; init; } = DefaultSubprotocols;

    /// <summary>The name of our own protocol, which what has none of its own agrees to.</summary>
    public static readonly string[] DefaultSubprotocols = [ProtocolVersion.Subprotocol];

    /// <summary>Whether the first message may say who comes.</summary>
    public bool TakesFirstMessage { get; init; } = true;

    /// <summary>Whether joining finds out who comes, and refuses those whom nobody knows where that is asked for.</summary>
    public bool IdentifiesByItself { get; init; }
}

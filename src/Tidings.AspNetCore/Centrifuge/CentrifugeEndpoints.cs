using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings.AspNetCore.Centrifuge;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Services;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Routes of the Centrifuge protocol, version 2: centrifuge-js and its sisters come in unchanged.</summary>
public static class CentrifugeEndpoints
{
    private static readonly string[] ConnectMethods = [HttpMethods.Get, HttpMethods.Connect];

    /// <summary>Maps the WebSocket <c>/connection/websocket</c>, as <c>Tidings:Centrifuge</c> says (docs/guides/centrifuge.md).</summary>
    /// <remarks>Who comes is said by the token of the <c>connect</c> command: by <c>Tidings:Centrifuge:Secret</c>, or else as on every other route. Without a token it is whom the handshake
    /// says, or somebody anonymous where that is allowed. What may be done is decided by the kinds of channels, as everywhere.</remarks>
    /// <param name="endpoints">Where to map.</param>
    public static IEndpointConventionBuilder MapCentrifuge(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var edge = endpoints.ServiceProvider.GetTidings();
        var (node, options) = (edge.Node, edge.Node.Options.Centrifuge);
        node.Subscribing.ShowConnections();
        var site = new CentrifugeSite(node.Id, node.Server.Version, () => node.Backplane.Clock.Now) { IsInsecure = options.Insecure };
        var tokens = options.Secret is { } secret ? new CentrifugeTokens(secret, node.Time) : null;
        var handler = node.Speak(new CentrifugeDialect(node.Deflater, tokens, site));
        var settings = edge.TextRoute(binary: false).With(static settings => settings with { Opening = settings.Messages });
        var route = new ConnectRoute(edge, handler).WebSockets(settings) with { Check = RefuseProtobuf };
        var group = endpoints.MapGroup("");
        group.MapMethods("/connection/websocket", ConnectMethods, context => edge.Entrance.EnterAsync(context, route));
        if (options.Insecure)
        {
            group.WithMetadata(new AllowAnonymousAttribute());
        }

        LoopbackOnly.Require(endpoints.ServiceProvider, options);
        return group;
    }

    // An answer without the subprotocol that was asked for would end in the client without a reason.
    private static string? RefuseProtobuf(HttpContext context) =>
        context.Request.Headers.SecWebSocketProtocol.ToString().Contains("centrifuge-protobuf", StringComparison.Ordinal)
            ? "Protobuf is not spoken here: connect without the subprotocol centrifuge-protobuf."
            : null;
}

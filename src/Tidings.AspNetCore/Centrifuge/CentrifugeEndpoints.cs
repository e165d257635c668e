using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings;
using Tidings.AspNetCore.Centrifuge;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Services;
using Tidings.Sessions;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Routes of the Centrifuge protocol, version 2: centrifuge-js and its sisters come in unchanged.</summary>
public static class CentrifugeEndpoints
{
    private const string Connection = "/connection/";

    private static readonly string[] ConnectMethods = [HttpMethods.Get, HttpMethods.Connect];
    private static readonly string[] Preflight = [HttpMethods.Options];

    /// <summary>Maps the WebSocket <c>/connection/websocket</c>, the streams <c>/connection/sse</c> and <c>/connection/http_stream</c> with <c>/emulation</c>,
    /// and the HTTP API below <c>Tidings:Centrifuge:ApiPath</c>, as <c>Tidings:Centrifuge</c> says (docs/guides/centrifuge.md).</summary>
    /// <remarks>Who comes is said by the token of the <c>connect</c> command: by <c>Tidings:Centrifuge:Secret</c>, or else as on every other route. Without a token it is whom the request
    /// says, or somebody anonymous where that is allowed. What may be done is decided by the kinds of channels, as everywhere.</remarks>
    /// <param name="endpoints">Where to map.</param>
    public static IEndpointConventionBuilder MapCentrifuge(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var edge = endpoints.ServiceProvider.GetTidings();
        var options = edge.Node.Options.Centrifuge;
        edge.Node.Subscribing.ShowConnections();
        var group = endpoints.MapGroup("");
        MapClients(group, edge, edge.Node.Speak(MakeDialect(edge, options)));
        group.MapPost(options.ApiPath.TrimEnd('/') + "/{method}", new CentrifugeApi(edge, options).ServeAsync).WithMetadata(new AllowAnonymousAttribute()).ExcludeFromDescription();
        if (options.Insecure)
        {
            group.WithMetadata(new AllowAnonymousAttribute());
        }

        LoopbackOnly.Require(endpoints.ServiceProvider, options);
        return group;
    }

    private static CentrifugeDialect MakeDialect(Edge edge, CentrifugeOptions options)
    {
        var node = edge.Node;
        return new CentrifugeDialect(
            node.Deflater,
            options.Secret is { } secret ? new CentrifugeTokens(secret, node.Time) : null,
            new CentrifugeSite(node.Id, node.Server.Version, () => node.Backplane.Clock.Now, options.Insecure));
    }

    private static void MapClients(RouteGroupBuilder group, Edge edge, ChannelHandler handler)
    {
        var settings = edge.TextRoute(binary: false).With(static settings => settings with { Opening = settings.Messages });
        var route = new ConnectRoute(edge, handler);
        var sockets = route.WebSockets(settings) with { Check = RefuseProtobuf };
        group.MapMethods(Connection + "websocket", ConnectMethods, context => edge.Entrance.EnterAsync(context, sockets));

        var streams = new CentrifugeStreams(new HttpEntrance(edge, route), handler, settings, edge.Node.Registry.Metrics);
        MapCrossOrigin(group, edge, Connection + "sse", [HttpMethods.Get, HttpMethods.Post], streams.ServeEventsAsync);
        MapCrossOrigin(group, edge, Connection + "http_stream", [HttpMethods.Post], streams.ServeLinesAsync);
        MapCrossOrigin(group, edge, "/emulation", [HttpMethods.Post], new CentrifugeEmulation(edge).ServeAsync);
    }

    private static void MapCrossOrigin(RouteGroupBuilder group, Edge edge, string pattern, string[] methods, RequestDelegate serve)
    {
        group.MapMethods(pattern, methods, edge.CrossOrigin.Serve(serve)).ExcludeFromDescription();
        group.MapMethods(pattern, Preflight, edge.CrossOrigin.AnswerPreflightAsync).ExcludeFromDescription();
    }

    // An answer without the subprotocol that was asked for would end in the client without a reason.
    private static string? RefuseProtobuf(HttpContext context) =>
        context.Request.Headers.SecWebSocketProtocol.ToString().Contains("centrifuge-protobuf", StringComparison.Ordinal)
            ? "Protobuf is not spoken here: connect without the subprotocol centrifuge-protobuf."
            : null;
}

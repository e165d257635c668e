using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings;
using Tidings.AspNetCore.Centrifuge;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Services;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Rules;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Routes of the Centrifuge protocol, version 2: centrifuge-js and its sisters come in unchanged.</summary>
public static class CentrifugeEndpoints
{
    private const string Connection = "/connection/";
    private const string Protobuf = "centrifuge-protobuf";

    private static readonly string[] ConnectMethods = [HttpMethods.Get, HttpMethods.Connect];
    private static readonly string[] Preflight = [HttpMethods.Options];

    /// <summary>Maps the WebSocket <c>/connection/websocket</c> and the stream <c>/connection/http_stream</c>, in JSON and in Protobuf, the stream <c>/connection/sse</c>, <c>/emulation</c> for both,
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

        // What a subscription's token opens is closed to all others; the application's own kinds and tokens go before.
        edge.Node.Kinds.SetFeature(new ChannelKind(new ChannelPattern("$*")) { Subscribe = ChannelAccess.Server });
        var group = endpoints.MapGroup("");
        MapClients(group, edge, MakeDialect(edge, options));
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
            new CentrifugeSite(node.Id, node.Server.Version, () => node.Engine.Clock.Now, options.Insecure));
    }

    private static void MapClients(RouteGroupBuilder group, Edge edge, CentrifugeDialect dialect)
    {
        var bytes = dialect.WithBytes();
        var handler = edge.Node.Speak(dialect);
        var settings = edge.TextRoute(binary: false).With(static settings => settings with { Opening = settings.Messages });
        var route = new ConnectRoute(edge, handler);
        var sockets = route.WebSockets(settings);
        var binary = new ConnectRoute(edge, edge.Node.Speak(new CentrifugeProtobufDialect(bytes, edge.Node.Deflater))).WebSockets(settings.With(Binary)) with { Subprotocols = [Protobuf] };
        group.MapMethods(Connection + "websocket", ConnectMethods, context => edge.Entrance.EnterAsync(context, WantsProtobuf(context.Request) ? binary : sockets));

        var streams = new CentrifugeStreams(new HttpEntrance(edge, route), handler, edge.Node.Speak(new CentrifugeProtobufDialect(bytes, edge.Node.Deflater, hearsLines: true)), settings, edge.Node.Registry.Metrics);
        MapCrossOrigin(group, edge, Connection + "sse", [HttpMethods.Get, HttpMethods.Post], streams.ServeEventsAsync);
        MapCrossOrigin(group, edge, Connection + "http_stream", [HttpMethods.Post], streams.ServeLinesAsync);
        MapCrossOrigin(group, edge, "/emulation", [HttpMethods.Post], new CentrifugeEmulation(edge).ServeAsync);
    }

    private static void MapCrossOrigin(RouteGroupBuilder group, Edge edge, string pattern, string[] methods, RequestDelegate serve)
    {
        group.MapMethods(pattern, methods, edge.CrossOrigin.Serve(serve)).ExcludeFromDescription();
        group.MapMethods(pattern, Preflight, edge.CrossOrigin.AnswerPreflightAsync).ExcludeFromDescription();
    }

    private static ConnectionSettings Binary(ConnectionSettings settings)
    {
        var rules = settings.Messages with { Text = false, Binary = true };
        return settings with { Messages = rules, Opening = rules };
    }

    // By the subprotocol, as browsers and the libraries for phones do, or by the address.
    private static bool WantsProtobuf(HttpRequest request) =>
        request.Headers.SecWebSocketProtocol.Any(static header => header?.Split(',').Any(static name => name.Trim() == Protobuf) == true)
        || request.Query["cf_protocol"] == "protobuf" || request.Query["format"] == "protobuf";
}

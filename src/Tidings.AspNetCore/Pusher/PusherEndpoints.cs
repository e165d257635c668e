using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Pusher;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Rules;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Routes of the Pusher protocol, version 7: pusher-js, Laravel Echo and the server libraries come in unchanged.</summary>
public static class PusherEndpoints
{
    private static readonly string[] ConnectMethods = [HttpMethods.Get, HttpMethods.Connect];
    private static readonly DisconnectCode NoSuchApp = new(4001, "Application does not exist");
    private static readonly DisconnectCode NoVersion = new(4008, "No protocol version supplied");
    private static readonly DisconnectCode WrongVersion = new(4007, "Unsupported protocol version");
    private static readonly TimeSpan CacheAge = TimeSpan.FromMinutes(30);

    /// <summary>Maps the WebSocket <c>/app/{key}</c> and the HTTP API below <c>/apps/{id}</c> for each application of <c>Tidings:Pusher:Apps</c> (docs/guides/pusher.md).</summary>
    /// <remarks>Who knows an application's key may connect; private and presence channels need its signature, and are closed to every other way in unless a token or a kind opens them.
    /// Nothing is mapped where there is no application.</remarks>
    /// <param name="endpoints">Where to map.</param>
    public static IEndpointConventionBuilder MapPusher(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var edge = endpoints.ServiceProvider.GetTidings();
        var group = endpoints.MapGroup("");
        foreach (var app in PusherApp.AllOf(edge.Node.Options.Pusher))
        {
            AddKinds(edge.Node.Kinds, app);
            MapSocket(group, edge, app);
            MapApi(group, edge, app);
        }

        if (edge.Node.Options.Pusher.Apps is [var first, ..])
        {
            // A client that is told so does not come back; one that gets no WebSocket would, for ever.
            var dialect = new PusherDialect(new PusherApp(first, []), edge.Node.Deflater, () => 0);
            var nobody = new ConnectRoute(edge, edge.Node.Speak(dialect)) { Refuses = static _ => NoSuchApp }.WebSockets(edge.TextRoute(binary: false));
            group.MapMethods("/app/{key}", ConnectMethods, context => edge.Entrance.EnterAsync(context, nobody)).WithMetadata(new AllowAnonymousAttribute());
        }

        return group;
    }

    private static void MapSocket(RouteGroupBuilder group, Edge edge, PusherApp app)
    {
        var dialect = new PusherDialect(app, edge.Node.Deflater, () => edge.Node.Engine.Clock.Now, channel => edge.Node.Kinds.Find(channel).PresenceInfo, edge.Node.Events.Recorder.Missed);
        var route = new ConnectRoute(edge, edge.Node.Speak(dialect)) { Refuses = RefuseVersion, HasOwnChannels = false }.WebSockets(edge.TextRoute(binary: false));
        group.MapMethods("/app/" + app.Key, ConnectMethods, context => edge.Entrance.EnterAsync(context, route)).WithMetadata(new AllowAnonymousAttribute());
    }

    private static void MapApi(RouteGroupBuilder group, Edge edge, PusherApp app)
    {
        var api = new PusherApi(edge, app);
        var routes = group.MapGroup("/apps/" + app.Id);
        Map(HttpMethods.Post, "/events", api.PublishAsync);
        Map(HttpMethods.Post, "/batch_events", api.PublishBatchAsync);
        Map(HttpMethods.Get, "/channels", api.ChannelsAsync);
        Map(HttpMethods.Get, "/channels/{channel}", api.ChannelAsync);
        Map(HttpMethods.Get, "/channels/{channel}/users", api.UsersAsync);
        Map(HttpMethods.Post, "/users/{user}/terminate_connections", api.TerminateAsync);

        void Map(string method, string pattern, Func<HttpContext, ReadOnlyMemory<byte>, Task<IResult>> operation) =>
            routes.MapMethods(pattern, [method], context => api.ServeAsync(context, operation)).WithMetadata(new AllowAnonymousAttribute()).ExcludeFromDescription();
    }

    private static DisconnectCode? RefuseVersion(HttpContext context) => context.Request.Query["protocol"].ToString() switch
    {
        "5" or "6" or "7" => null,
        "" => NoVersion,
        _ => WrongVersion,
    };

    // What its signature opens is closed to all others; the application's own kinds and tokens go before.
    private static void AddKinds(ChannelKinds kinds, PusherApp app)
    {
        foreach (var proven in new[] { "private-encrypted-", "private-", "presence-" })
        {
            Add(proven + "cache-", proven, newest: true);
        }

        foreach (var proven in new[] { "private-encrypted-", "private-", "presence-" })
        {
            Add(proven, proven, newest: false);
        }

        kinds.SetFeature(new ChannelKind(new ChannelPattern(app.Prefix + "cache-*")) { Retention = new Retention(1, CacheAge), IsOpenAsUnmatched = true });

        void Add(string pattern, string proven, bool newest) => kinds.SetFeature(new ChannelKind(new ChannelPattern(app.Prefix + pattern + "*"))
        {
            Subscribe = ChannelAccess.Server,
            Presence = proven == "presence-",

            // Webhooks tell whose event it was.
            Publisher = app.Webhooks.Any(),
            Retention = newest ? new Retention(1, CacheAge) : Retention.Default,
        });
    }
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.Services;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Frames;
using Tidings.Rooms;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Routes that Tidings serves by itself.</summary>
public static class RoomEndpoints
{
    // HTTP/1.1 asks by GET, HTTP/2 by CONNECT (RFC 8441).
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Connect];

    /// <summary>Maps plain text rooms: what one says, everybody in the room hears as <c>[room] text</c>, escaped for HTML.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route with the value <c>room</c>, as <c>/ws/{room}</c>.</param>
    public static IEndpointConventionBuilder MapRooms(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/ws/{room}")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetRequiredService<Edge>();
        var rooms = new RoomHandler(tidings.Node.Hub, tidings.Node.Broker, tidings.Node.Kinds, tidings.Node.RoomDialect, tidings.Node.FirstMessage);
        return endpoints.MapRoute(pattern, new WebSocketRoute(tidings.TextRoute(binary: false), rooms)
        {
            Check = static context => ChannelName.IsValidRoom(RoomOf(context))
                ? null
                : "A room's name is 1 to 250 bytes of letters and digits (Unicode's form C) and _ . : - @.",
            Join = context =>
            {
                var room = RoomOf(context);
                return connection => rooms.JoinAsync(connection, room, tidings.Node.Limits.ConnectionsPerRoom);
            },
        });
    }

    /// <summary>Maps an echo: text comes back as <c>Echo: text</c>, binary as it is.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route, as <c>/ws</c>.</param>
    public static IEndpointConventionBuilder MapEcho(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/ws")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetRequiredService<Edge>();
        return endpoints.MapRoute(pattern, new WebSocketRoute(tidings.TextRoute(binary: true), new EchoHandler(tidings.Node.FirstMessage)));
    }

    /// <summary>Maps what conformance suites speak to: every message back as it came, to 16 MiB, no heartbeat, no limits.</summary>
    internal static IEndpointConventionBuilder MapExactEcho(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern)
    {
        const int Largest = 16 * 1024 * 1024;
        var settings = new ConnectionSettings
        {
            Messages = new MessageRules(Largest, Largest, Text: true, Binary: true),
            QueueBytes = 4 * Largest,
        };
        return endpoints.MapRoute(pattern, new WebSocketRoute(LiveSettings.Fixed(settings), new ExactEchoHandler(), Counted: false) { TakesFirstMessage = false });
    }

    private static string RoomOf(HttpContext context) => (string?)context.Request.RouteValues["room"] ?? "";

    private static IEndpointConventionBuilder MapRoute(this IEndpointRouteBuilder endpoints, string pattern, WebSocketRoute route)
    {
        var entrance = endpoints.ServiceProvider.GetRequiredService<Edge>().Entrance;
        return endpoints.MapMethods(pattern, Methods, context => entrance.EnterAsync(context, route));
    }
}

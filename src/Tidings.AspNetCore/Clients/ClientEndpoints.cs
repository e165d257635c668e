using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.Services;
using Tidings.Clients;
using Tidings.Protocol;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Clients that are known by name, and speak to one another.</summary>
public static class ClientEndpoints
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Connect];

    /// <summary>Maps the route of clients by name: <c>{"type":"broadcast","message"}</c> reaches everybody here as
    /// <c>{"from","message"}</c>, <c>{"type":"personal","to","message"}</c> one of them; who leaves is announced.</summary>
    /// <remarks>Where the connection has a user, the name must be the user's id or begin with it and a colon; otherwise it is closed with
    /// 4003. A name that a user has is the user's: nobody anonymous, and no user with a shorter id, gets it (1008 <c>Name taken</c>), and the user's arrival ends
    /// those with 4009. Names of anonymous clients prove nothing. <c>ITidings.Clients</c> speaks to them from C#.</remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route with the value <c>clientId</c>.</param>
    public static IEndpointConventionBuilder MapClients(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/ws/clients/{clientId}")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetTidings();
        var handler = new ClientHandler(tidings.Node.ClientActions, tidings.Node.FirstMessage);
        var route = new WebSocketRoute(tidings.TextRoute(binary: false), handler)
        {
            Check = static context => ChannelName.IsValidRoom(ClientOf(context))
                ? null
                : "A client's name is 1 to 250 bytes of letters and digits (Unicode's form C) and _ . : - @.",
            Join = context =>
            {
                var client = ClientOf(context);
                return connection => handler.JoinAsync(connection, client);
            },
        };
        return endpoints.MapMethods(pattern, Methods, context => tidings.Entrance.EnterAsync(context, route));
    }

    private static string ClientOf(HttpContext context) => (string?)context.Request.RouteValues["clientId"] ?? "";
}

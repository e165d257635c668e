using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings.AspNetCore.Connect;
using Tidings.AspNetCore.Hosting;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The channel protocol's routes.</summary>
public static class ConnectEndpoints
{
    // HTTP/1.1 asks for a WebSocket by GET, HTTP/2 by CONNECT (RFC 8441); commands come by POST, and browsers ask by OPTIONS first.
    private static readonly string[] AllMethods = [HttpMethods.Get, HttpMethods.Connect, HttpMethods.Post, HttpMethods.Options];
    private static readonly string[] ReadMethods = [HttpMethods.Get, HttpMethods.Options];

    /// <summary>Maps the channel protocol (docs/protocol.md): what the client libraries speak, and anybody can. A WebSocket; with
    /// <c>Accept: text/event-stream</c> Server-Sent Events; with <c>since</c> or <c>wait</c> a poll; commands by POST.</summary>
    /// <remarks>The user is who a token or ticket says (docs/security.md), or ASP.NET Core's authentication, where it runs before. The server subscribes each connection to <c>all</c>
    /// and, where there is a user, to <c>user:&lt;id&gt;</c>.</remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route, as <c>/connect</c>.</param>
    public static TidingsBuilder MapTidings(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/connect")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetTidings();
        var transports = new ConnectTransports(tidings);
        return new TidingsBuilder(endpoints.MapMethods(pattern, AllMethods, transports.ServeAsync), tidings);
    }

    /// <summary>Maps the Server-Sent Events of the channel protocol by themselves.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route, as <c>/api/events</c>.</param>
    public static IEndpointConventionBuilder MapTidingsEvents(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/api/events")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var transports = new ConnectTransports(endpoints.ServiceProvider.GetTidings());
        return endpoints.MapMethods(pattern, ReadMethods, transports.ServeEventsAsync);
    }

    /// <summary>Maps the polling of the channel protocol by itself.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route, as <c>/api/messages</c>.</param>
    public static IEndpointConventionBuilder MapTidingsMessages(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/api/messages")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var transports = new ConnectTransports(endpoints.ServiceProvider.GetTidings());
        return endpoints.MapMethods(pattern, ReadMethods, transports.ServePollAsync);
    }
}

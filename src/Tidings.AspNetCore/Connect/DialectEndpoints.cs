using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Services;
using Tidings.Dialects;

namespace Tidings.AspNetCore.Connect;

/// <summary>WebSocket routes that speak a dialect other than that of <c>/connect</c>.</summary>
internal static class DialectEndpoints
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Connect];

    /// <summary>Maps a WebSocket route whose sessions speak <paramref name="dialect"/>. Who may connect, subscribe and publish is decided as on <c>/connect</c>.</summary>
    public static IEndpointConventionBuilder MapDialect(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, SessionDialect dialect)
    {
        var edge = endpoints.ServiceProvider.GetTidings();
        var route = new ConnectRoute(edge, edge.Node.Speak(dialect)).WebSockets(edge.TextRoute(binary: false));
        return endpoints.MapMethods(pattern, Methods, context => edge.Entrance.EnterAsync(context, route));
    }
}

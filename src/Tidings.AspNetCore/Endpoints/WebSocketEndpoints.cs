using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings;
using Tidings.AspNetCore.Endpoints;
using Tidings.AspNetCore.Services;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps WebSocket handlers as one maps minimal APIs.</summary>
public static class WebSocketEndpoints
{
    // HTTP/1.1 asks by GET, HTTP/2 by CONNECT (RFC 8441).
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Connect];

    /// <summary>Maps a WebSocket route. The handler's parameters are bound by the framework as those of any minimal API, besides its
    /// <see cref="WebSocketConnection"/>; scoped services live as long as the connection.</summary>
    /// <remarks>
    /// The handler runs inside its request, so that filters, authorization, groups and logging work as everywhere. Parameters that don't
    /// bind are answered 400 before the handshake. Routes start neutral: protocol pings, 1 MB messages, no rate limit, nothing intercepted.
    /// The application must have called <c>AddTidings</c>; <c>UseWebSockets</c> is not needed.
    /// </remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route.</param>
    /// <param name="handler">An asynchronous method or lambda that returns <see cref="Task"/> or <see cref="ValueTask"/>.</param>
    /// <exception cref="ArgumentException">The handler returns something else.</exception>
    [RequiresUnreferencedCode("The parameters of any delegate are found by reflection. Use the overload that takes a Func<WebSocketConnection, Task>.")]
    [RequiresDynamicCode("Code is made at run time for the parameters of any delegate. Use the overload that takes a Func<WebSocketConnection, Task>.")]
    public static RouteHandlerBuilder MapWebSocket(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Delegate handler)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(handler);
        _ = endpoints.ServiceProvider.GetTidings();
        if (handler.Method.ReturnType != typeof(Task) && handler.Method.ReturnType != typeof(ValueTask))
        {
            throw new ArgumentException(
                $"A WebSocket handler returns Task or ValueTask; this one returns {handler.Method.ReturnType.Name}. What it has to say it sends.", nameof(handler));
        }

        return Enter(endpoints.MapMethods(pattern, Methods, handler));
    }

    /// <summary>Maps a WebSocket route without any code made at run time.</summary>
    /// <remarks>Endpoint filters of such a route have the <see cref="HttpContext"/> as their only argument; the connection is among its features.</remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route.</param>
    /// <param name="handler">The handler; it gets all it needs from its connection, and services by capture or <c>RequestServices</c>.</param>
    public static IEndpointConventionBuilder MapWebSocket(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<WebSocketConnection, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(handler);
        _ = endpoints.ServiceProvider.GetTidings();
        RequestDelegate request = context => handler(WebSocketConnection.Of(context));
        return Enter(endpoints.MapMethods(pattern, Methods, request));
    }

    /// <summary>Sets limits for the connections of these routes. The last one counts.</summary>
    /// <param name="builder">One <c>MapWebSocket</c> route, or a group with such.</param>
    /// <param name="configure">Changes the neutral defaults.</param>
    public static TBuilder WithLimits<TBuilder>(this TBuilder builder, Action<EndpointLimits> configure)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(configure);
        var limits = new EndpointLimits();
        configure(limits);
        builder.Add(endpoint => endpoint.Metadata.Add(limits));
        return builder;
    }

    /// <summary>Sets sizes and rates of a preset of the server's own routes.</summary>
    /// <param name="builder">One <c>MapWebSocket</c> route, or a group with such.</param>
    /// <param name="preset">The set of limits.</param>
    public static TBuilder WithLimits<TBuilder>(this TBuilder builder, LimitPreset preset)
        where TBuilder : IEndpointConventionBuilder => builder.WithLimits(limits => limits.Use(preset));

    /// <summary>Sends the text <c>{"type":"ping"}</c> beside each protocol ping, for peers whose scripts watch for it. Texts that are
    /// <c>{"type":"pong"}</c> or <c>{"type":"ping"}</c>, which is answered, then no longer reach the handler.</summary>
    /// <param name="builder">One <c>MapWebSocket</c> route, or a group with such.</param>
    public static TBuilder WithTextHeartbeat<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(static endpoint => endpoint.Metadata.Add(new TextHeartbeatMetadata()));
        return builder;
    }

    // Last of all: by then every convention, of groups too, has said what it wants, and the framework has built what binds and filters.
    private static TBuilder Enter<TBuilder>(TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(static endpoint => endpoint.Metadata.Add(new ExcludeFromDescriptionAttribute()));
        builder.Finally(static endpoint =>
        {
            if (endpoint.RequestDelegate is { } handler)
            {
                endpoint.RequestDelegate = new EndpointRoute(endpoint, handler).EnterAsync;
            }
        });
        return builder;
    }
}

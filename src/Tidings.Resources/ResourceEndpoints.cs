using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tidings;
using Tidings.AspNetCore.Contract;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.Resources.Feed;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Resources.Rest;
using Tidings.Protocol;
using Tidings.Rules;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Tables that push their own changes.</summary>
public static class ResourceEndpoints
{
    // So that a client that was away for a moment gets what it missed, and no more rows than that.
    private static readonly Retention Kept = new(1000, TimeSpan.FromHours(1));

    // HTTP/1.1 asks for a WebSocket by GET, HTTP/2 by CONNECT (RFC 8441).
    private static readonly string[] FeedMethods = [HttpMethods.Get, HttpMethods.Connect];

    /// <summary>Maps a table: REST at <paramref name="pattern"/>, and its live feed at <c>/ws/&lt;name&gt;</c> and in the channel <c>resource:&lt;name&gt;</c>, where the name is the pattern's last part.</summary>
    /// <remarks>
    /// Whatever <c>SaveChanges</c> of the context commits is shown, called by any code (docs/guides/resources.md). REST needs
    /// <c>Tidings:ApiKey</c> or <c>Tidings:AdminKey</c> as bearer token; in the environment Development, and as long as there is no key, direct local requests need none. Where the
    /// application says <c>RequireAuthorization</c> or <c>AllowAnonymous</c>, that decides in their place.
    /// </remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route without values, as <c>/items</c>.</param>
    /// <typeparam name="TEntity">The entity.</typeparam>
    /// <typeparam name="TContext">Its context, made known by <c>AddTidings().AddDbContext&lt;TContext&gt;()</c>.</typeparam>
    /// <exception cref="InvalidOperationException">Another resource of the application has the same name.</exception>
    public static ResourceBuilder<TEntity> MapResource<TEntity, TContext>(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern)
        where TEntity : class
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        if (typeof(TEntity).GetConstructor(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance, []) is null)
        {
            throw new ArgumentException($"{typeof(TEntity).Name} needs a constructor without parameters: POST makes one. MapLiveResource does without.", nameof(pattern));
        }

        var (route, name) = Split(pattern);
        return Map<TEntity, TContext>(endpoints, name, "/ws/" + name, (edge, definition, live) => new RestRoutes<TEntity, TContext>(edge, definition, live).Map(endpoints, route));
    }

    /// <summary>Maps the live feed of a table alone, for applications with their own endpoints. The resource's name is the pattern's last part.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route without values, as <c>/ws/items</c>.</param>
    /// <typeparam name="TEntity">The entity.</typeparam>
    /// <typeparam name="TContext">Its context, made known by <c>AddTidings().AddDbContext&lt;TContext&gt;()</c>.</typeparam>
    /// <exception cref="InvalidOperationException">Another resource of the application has the same name.</exception>
    public static ResourceBuilder<TEntity> MapLiveResource<TEntity, TContext>(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern)
        where TEntity : class
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        var (route, name) = Split(pattern);
        return Map<TEntity, TContext>(endpoints, name, route, rest: null);
    }

    // What rows have in JSON: the anonymous object of the members, or the entity.
    private static ContractType? RowOf<TEntity>(ResourceDefinition<TEntity> definition)
        where TEntity : class =>
        definition.Members is { } members ? new ContractType(members.Body.Type) : definition.ShowsAll ? new ContractType(typeof(TEntity)) : null;

    private static (string Route, string Name) Split(string pattern)
    {
        var route = pattern.TrimEnd('/');
        return (route, route[(route.LastIndexOf('/') + 1)..]);
    }

    private static ResourceBuilder<TEntity> Map<TEntity, TContext>(
        IEndpointRouteBuilder endpoints, string name, string feedPattern, Func<Edge, ResourceDefinition<TEntity>, LiveContext, IEndpointConventionBuilder>? rest)
        where TEntity : class
        where TContext : DbContext
    {
        if (!ChannelName.IsValidRoom(name))
        {
            throw new ArgumentException($"\"{name}\" is no name for a resource: the pattern must end in letters, digits and _ . : - @, and in no route value.", nameof(feedPattern));
        }

        var services = endpoints.ServiceProvider;
        var edge = services.GetTidings();
        LiveContext live = services.GetService<LiveContext<TContext>>()
            ?? throw new InvalidOperationException($"Tidings does not know {typeof(TContext).Name}: call builder.Services.AddTidings().AddDbContext<{typeof(TContext).Name}>() before builder.Build().");
        services.GetRequiredService<ResourceNames>().Add(name, feedPattern);
        var definition = new ResourceDefinition<TEntity>(name, live.Json, services.GetService<IHostEnvironment>()?.IsDevelopment() ?? false);
        live.Add(definition);
        edge.Contract.AddResource(name, () => RowOf(definition));
        var kind = new ChannelKind(new ChannelPattern(Resource.ChannelPrefix + name)) { Retention = Kept };
        edge.Node.Kinds.SetFeature(kind);

        var handler = new FeedHandler(new ResourceFeed(edge.Node, definition, live), edge.Node.FirstMessage);
        var route = new WebSocketRoute(edge.TextRoute(binary: false), handler)
        {
            Join = _ => connection => ValueTask.FromResult(handler.Join(connection)),
        };
        List<IEndpointConventionBuilder> routes = [endpoints.MapMethods(feedPattern, FeedMethods, context => edge.Entrance.EnterAsync(context, route))];
        if (rest is not null)
        {
            routes.Add(rest(edge, definition, live));
        }

        return new ResourceBuilder<TEntity>(definition, routes, () =>
        {
            edge.Authentication.KeepsPrincipals = true;
            edge.Node.Kinds.SetFeature(kind with { Closed = true });
        });
    }
}

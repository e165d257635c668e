using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Tidings.AspNetCore.Authentication;

namespace Tidings.AspNetCore.Express;

/// <summary>The routes whose plain handshakes the lane answers itself.</summary>
internal sealed class ExpressRoutes
{
    private readonly ExpressRoute[] _routes;

    private ExpressRoutes(ExpressRoute[] routes) => _routes = routes;

    /// <summary>Finds those that are marked.</summary>
    /// <exception cref="InvalidOperationException">One of them needs what only the web server's pipeline does.</exception>
    public static ExpressRoutes Of(IReadOnlyList<Endpoint> endpoints)
    {
        var getting = endpoints.OfType<RouteEndpoint>().Where(IsGotten).ToList();
        var marked = getting.Where(static endpoint => endpoint.Metadata.GetMetadata<ExpressHandshakeMetadata>() is not null).ToList();
        foreach (var endpoint in marked)
        {
            if (endpoint.Metadata.FirstOrDefault(static item => !IsHarmless(item)) is { } other)
            {
                throw new InvalidOperationException($"The route \"{endpoint.RoutePattern.RawText}\" cannot have express handshakes: its {other.GetType().Name} is the pipeline's to carry out.");
            }
        }

        return new ExpressRoutes([.. marked.Select(endpoint => RouteOf(endpoint, getting))]);
    }

    /// <summary>The route of <paramref name="path"/>, with its values; null where routing is to find it.</summary>
    public RouteEndpoint? Find(string path, out RouteValueDictionary? values)
    {
        foreach (var route in _routes)
        {
            if (route.Matches(path, out values))
            {
                return route.Endpoint;
            }
        }

        values = null;
        return null;
    }

    private static ExpressRoute RouteOf(RouteEndpoint endpoint, List<RouteEndpoint> all)
    {
        var route = new ExpressRoute(endpoint);
        foreach (var other in all)
        {
            if (!ReferenceEquals(other, endpoint))
            {
                route.Except(other);
            }
        }

        return route;
    }

    private static bool IsGotten(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is not { HttpMethods.Count: > 0 } methods || methods.HttpMethods.Contains(HttpMethods.Get);

    // What Map methods and compilers leave with an endpoint. Whatever else there is may ask for something.
    private static bool IsHarmless(object item) =>
        item is ExpressHandshakeMetadata or AuthenticationRule or IHttpMethodMetadata or IRouteDiagnosticsMetadata or IEndpointNameMetadata
            or IEndpointSummaryMetadata or IEndpointDescriptionMetadata or ITagsMetadata or IExcludeFromDescriptionMetadata or MethodInfo
        || item.GetType().Namespace is "System.Runtime.CompilerServices" or "System.Diagnostics";
}

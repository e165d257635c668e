using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tidings.AspNetCore.Metrics;
using Tidings.AspNetCore.Services;

namespace Microsoft.AspNetCore.Builder;

/// <summary>What a node measures, for Prometheus and others that read its format.</summary>
public static class MetricsEndpoints
{
    /// <summary>Maps what Tidings, the runtime and the process measure, in Prometheus' text format 0.0.4. It is counted from this call on.</summary>
    /// <remarks>Needs <c>Tidings:AdminKey</c> as bearer token; in the environment Development, and as long as there is no key, direct local requests need none (docs/security.md#trying-it-out).</remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route.</param>
    public static IEndpointConventionBuilder MapTidingsMetrics(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/metrics")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var access = endpoints.ServiceProvider.GetTidings().AdminAccess;
        var metrics = endpoints.ServiceProvider.GetRequiredService<MetricsCollector>();
        return endpoints.MapMethods(pattern, [HttpMethods.Get], async context =>
        {
            context.Response.Headers.CacheControl = "no-store";
            await (access.Refuse(context.Request, out _) ?? TypedResults.Text(metrics.Write(), PrometheusText.ContentType)).ExecuteAsync(context);
        });
    }
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using Tidings.AspNetCore.Dashboard;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The dashboard: what the nodes do, live.</summary>
public static class DashboardEndpoints
{
    /// <summary>Maps the dashboard: a page with charts, channels, connections, tasks, nodes and refusals, and below it what the page asks for.</summary>
    /// <remarks>Needs <c>Tidings:AdminKey</c>, as bearer token or to sign in with; in the environment Development, and as long as there is no key, direct local requests need none (docs/security.md#trying-it-out).
    /// What it asks of the server API stands below it too: <see cref="ApiEndpoints.MapTidingsApi"/> need not be called.</remarks>
    /// <param name="endpoints">Where to map: the application, or a group without route values.</param>
    /// <param name="pattern">The path of the page: letters, digits, and - _ . ~ between slashes.</param>
    /// <returns>All its routes.</returns>
    /// <exception cref="ArgumentException"><paramref name="pattern"/> is empty, or has route values or other characters.</exception>
    public static IEndpointConventionBuilder MapTidingsDashboard(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/dashboard")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        return DashboardPlace.Fault(pattern) is { } fault ? throw new ArgumentException(fault, nameof(pattern)) : DashboardSite.Map(endpoints, pattern).Routes;
    }
}

using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>Where in the application the dashboard stands. Known once its routes are made, before the first request.</summary>
internal sealed class DashboardPlace
{
    // What is the same in an address, in a page and in the path of a cookie.
    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/");

    private string? _root;

    /// <summary>The path of the page, as <c>/dashboard</c>.</summary>
    public string Root => _root ?? throw new InvalidOperationException("The dashboard's routes are not made yet.");

    /// <summary>Where what stands below the page is, relative to the page.</summary>
    public string Below => Root[(Root.LastIndexOf('/') + 1)..] + "/";

    /// <summary>What is wrong with a route, or null.</summary>
    public static string? Fault(string route) =>
        route.Trim('/').Length == 0 ? "The dashboard needs a path of its own, such as /dashboard."
        : route.AsSpan().ContainsAnyExcept(Plain) ? $"The dashboard stands at a path of letters, digits, and - _ . ~ without route values, which {route} is not."
        : null;

    /// <summary>The page has this route, with all that stands before it.</summary>
    public void Set(string? route) => _root = Fault(route ?? "") is { } fault ? throw new InvalidOperationException(fault) : "/" + route!.Trim('/');

    /// <summary>The place as a browser addresses it.</summary>
    public string In(HttpContext context) => context.Request.PathBase + Root;

    /// <summary>Where what stands below the dashboard's page is, relative to the page that a request gets.</summary>
    public string BelowFrom(HttpRequest request)
    {
        var depth = request.Path.Value!.Count(static c => c == '/') - Root.Count(static c => c == '/') - 1;
        return depth < 0 ? Below : string.Concat(Enumerable.Repeat("../", depth));
    }
}

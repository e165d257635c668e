using System.Collections.Frozen;
using System.Reflection;
using Tidings.AspNetCore.Dashboard;
using Tidings.AspNetCore.Script;

namespace Tidings.Server.Site;

/// <summary>The start page and its files, and the browser client; all are part of the program.</summary>
internal static class SiteEndpoints
{
    private const string Greeting = """{"message":"WebSocket server running. Connect to /ws/{room}"}""";

    // Nothing from elsewhere, nothing inline; sockets to wherever the page came from.
    private const string ContentSecurityPolicy = "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    // What the start page has from the dashboard.
    private static readonly string[] Shared = ["theme.css", "dom.js", "tabs.js", "logo.svg"];

    private static readonly FrozenDictionary<string, EmbeddedFile> Pages = LoadPages();

    public static void MapSite(this IEndpointRouteBuilder endpoints, bool demo)
    {
        endpoints.MapGet("/", (HttpContext context) => demo && WantsHtml(context.Request)
            ? ServePage(context, Pages["index.html"])
            : TypedResults.Text(Greeting, "application/json")).ExcludeFromDescription();
        endpoints.MapTidingsScript();
        if (demo)
        {
            endpoints.MapGet("/pages/{file}", (HttpContext context, string file) => (Pages.GetValueOrDefault(file) ?? (Shared.Contains(file) ? DashboardFiles.Find(file) : null)) is { } page
                ? ServePage(context, page)
                : TypedResults.NotFound()).ExcludeFromDescription();
        }
    }

    private static bool WantsHtml(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(static accept => accept.MediaType == "text/html");

    private static IResult ServePage(HttpContext context, EmbeddedFile page)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers["Referrer-Policy"] = "no-referrer";
        headers.Vary = "Accept";
        return page.Serve(context);
    }

    private static FrozenDictionary<string, EmbeddedFile> LoadPages()
    {
        const string Prefix = "Tidings.Server.Pages.";
        return Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(static name => name[Prefix.Length..], static name => EmbeddedFile.Read(Assembly.GetExecutingAssembly(), name), StringComparer.Ordinal);
    }
}

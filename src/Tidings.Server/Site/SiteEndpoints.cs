using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Tidings.Server.Site;

/// <summary>The start page and its files, which are part of the program.</summary>
internal static class SiteEndpoints
{
    private const string Greeting = """{"message":"WebSocket server running. Connect to /ws/{room}"}""";

    // Nothing from elsewhere, nothing inline; sockets to wherever the page came from.
    private const string ContentSecurityPolicy = "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private static readonly FrozenDictionary<string, Page> Pages = Load();

    public static void MapSite(this IEndpointRouteBuilder endpoints, bool demo)
    {
        endpoints.MapGet("/", (HttpContext context) => demo && WantsHtml(context.Request)
            ? Serve(context, Pages["index.html"])
            : TypedResults.Text(Greeting, "application/json")).ExcludeFromDescription();
        if (demo)
        {
            endpoints.MapGet("/pages/{file}", (HttpContext context, string file) => Pages.TryGetValue(file, out var page)
                ? Serve(context, page)
                : TypedResults.NotFound()).ExcludeFromDescription();
        }
    }

    private static bool WantsHtml(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(static accept => accept.MediaType == "text/html");

    private static IResult Serve(HttpContext context, Page page)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
        headers.Vary = "Accept";
        return TypedResults.Bytes(page.Bytes, page.ContentType, entityTag: page.Tag);
    }

    private static FrozenDictionary<string, Page> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string Prefix = "Tidings.Server.Pages.";
        return assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(static name => name[Prefix.Length..], name => Read(assembly, name), StringComparer.Ordinal);
    }

    private static Page Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}\"");
        return new Page(bytes, TypeOf(name), tag);
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };

    private sealed record Page(byte[] Bytes, string ContentType, EntityTagHeaderValue Tag);
}

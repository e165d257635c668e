using Microsoft.AspNetCore.Http;
using Tidings.Protocol.Commands;

namespace Tidings.AspNetCore.Origins;

/// <summary>Whose pages may connect (RFC 6455 §10.2). Origins are compared whole: no wildcard, no part of a name.</summary>
/// <param name="allowed">The list.</param>
/// <param name="hosts">Our own hosts.</param>
internal sealed class OriginPolicy(IEnumerable<string> allowed, OwnHosts hosts)
{
    // A peer writes there what it likes.
    private const int LongestShown = 200;

    private volatile HashSet<string> _allowed = new(allowed, StringComparer.OrdinalIgnoreCase);

    /// <summary>Goes by another list from now on. Who is connected stays.</summary>
    public void Change(IEnumerable<string> allowed) => _allowed = new HashSet<string>(allowed, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the request may go on: programs, which send no origin, the server's own pages, and the list. All where there
    /// is no list.</summary>
    public bool Allows(HttpRequest request) => _allowed.Count == 0 || request.Headers.Origin.Count == 0 || IsKnown(request);

    /// <summary>The same for a request that a cookie speaks for: browsers send it along for the page of any origin, so that the origin
    /// must be there, and be our own or of the list.</summary>
    public bool AllowsCookie(HttpRequest request) => IsKnown(request);

    /// <summary>The same for a request that only reads: a browser sends no origin from a page of our own, but says that it is one
    /// (W3C Fetch Metadata), and shows no other page the answer.</summary>
    public bool AllowsCookieToRead(HttpRequest request) =>
        IsKnown(request)
        || (HttpMethods.IsGet(request.Method) && request.Headers.Origin.Count == 0 && request.Headers["Sec-Fetch-Site"] == "same-origin");

    /// <summary>Whether it is a cookie by which the application's own authentication knows the user.</summary>
    public static bool IsKnownByCookie(HttpRequest request) =>
        request.HttpContext.User.Identity is { IsAuthenticated: true }
        && request.Headers.Cookie.Count > 0
        && request.Headers.Authorization.Count == 0;

    /// <summary>Whether <paramref name="origin"/> is the address that the request itself went to.</summary>
    public static bool IsOwn(HttpRequest request, string origin) =>
        request.Host.HasValue && string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);

    /// <summary>Why a request was not allowed, in words for those who run the server.</summary>
    /// <param name="request">The request.</param>
    /// <param name="byCookie">Whether a cookie speaks for it.</param>
    public static FieldFault Explain(HttpRequest request, bool byCookie)
    {
        var origin = request.Headers.Origin.ToString();
        var shown = origin.Length == 0 ? "no origin" : $"\"{(origin.Length > LongestShown ? origin[..LongestShown] + "…" : origin)}\"";
        return new FieldFault("origin", byCookie
            ? $"a cookie speaks for the request, and {shown} is neither this server's own nor in Tidings:AllowedOrigins"
            : $"{shown} is not in Tidings:AllowedOrigins");
    }

    // Where there is a list, the name that a page has called us by is ours only if we know it: browsers call us by any name that is turned to our address.
    private bool IsKnown(HttpRequest request) =>
        request.Headers.Origin is { Count: 1 } origin
        && _allowed is var allowed
        && (allowed.Contains(origin[0]!) || (IsOwn(request, origin[0]!) && (allowed.Count == 0 || hosts.Contains(request))));
}

using Microsoft.AspNetCore.Http;

namespace Tidings.AspNetCore.Handshake;

/// <summary>Whose pages may connect (RFC 6455 §10.2). Origins are compared whole: no wildcard, no part of a name.</summary>
internal sealed class OriginPolicy(IEnumerable<string> allowed)
{
    private readonly HashSet<string> _allowed = new(allowed, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the request may go on: programs, which send no origin, the server's own pages, and the list. All where there
    /// is no list, unless a cookie says who the user is: browsers send it along for the page of any origin.</summary>
    public bool Allows(HttpRequest request)
    {
        var origins = request.Headers.Origin;
        return (_allowed.Count == 0 && !IsKnownByCookie(request))
            || origins.Count == 0
            || (origins.Count == 1 && (IsOwn(request, origins[0]!) || _allowed.Contains(origins[0]!)));
    }

    /// <summary>Whether <paramref name="origin"/> is the address that the request itself went to.</summary>
    public static bool IsOwn(HttpRequest request, string origin) =>
        request.Host.HasValue && string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);

    private static bool IsKnownByCookie(HttpRequest request) =>
        request.HttpContext.User.Identity is { IsAuthenticated: true }
        && request.Headers.Cookie.Count > 0
        && request.Headers.Authorization.Count == 0;
}

using Microsoft.AspNetCore.Http;

namespace Tidings.AspNetCore.Authentication;

/// <summary>Finds the one token, or ticket, that a request bears. What is found is not yet believed.</summary>
internal static class RequestToken
{
    /// <summary>The cookie that the tutorials use.</summary>
    public const string Cookie = "session_id";

    private const string Scheme = "Bearer ";
    private const string SubprotocolPrefix = "bearer.";

    /// <returns>The token, "" where it is given in a way that can't be read; null where there is none. The first way that is used counts.</returns>
    public static string? Find(HttpRequest request, AuthenticationMethods methods)
    {
        if (methods.HasFlag(AuthenticationMethods.Header) && Header(request) is { } header)
        {
            return header;
        }

        if (methods.HasFlag(AuthenticationMethods.Subprotocol) && Subprotocol(request) is { } subprotocol)
        {
            return subprotocol;
        }

        return methods.HasFlag(AuthenticationMethods.Query) ? Query(request, "token") : null;
    }

    /// <returns>The ticket, "" where there are two; null where there is none.</returns>
    public static string? Ticket(HttpRequest request, AuthenticationMethods methods) =>
        methods.HasFlag(AuthenticationMethods.Ticket) ? Query(request, "ticket") : null;

    /// <returns>The token in the cookie, where it looks like one: other applications have cookies of this name.</returns>
    public static string? CookieToken(HttpRequest request, AuthenticationMethods methods) =>
        methods.HasFlag(AuthenticationMethods.Cookie) && request.Cookies[Cookie] is { } value && value.AsSpan().Count('.') == 2 ? value : null;

    // Other schemes are the application's own affair.
    private static string? Header(HttpRequest request)
    {
        var values = request.Headers.Authorization;
        return values.Count switch
        {
            0 => null,
            1 when values[0]!.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) => values[0]![Scheme.Length..].Trim(),
            1 => null,
            _ => "",
        };
    }

    private static string? Subprotocol(HttpRequest request)
    {
        string? found = null;
        foreach (var header in request.Headers.SecWebSocketProtocol)
        {
            foreach (var range in header.AsSpan().Split(','))
            {
                var offered = header.AsSpan(range).Trim();
                if (offered.StartsWith(SubprotocolPrefix, StringComparison.Ordinal))
                {
                    found = found is null ? offered[SubprotocolPrefix.Length..].ToString() : "";
                }
            }
        }

        return found;
    }

    private static string? Query(HttpRequest request, string name) => request.Query[name] switch
    {
        { Count: 0 } => null,
        { Count: 1 } one => one[0] ?? "",
        _ => "",
    };
}

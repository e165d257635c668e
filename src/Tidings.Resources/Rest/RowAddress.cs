using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tidings.Resources.Rest;

/// <summary>The key of a row as the last part of an address.</summary>
internal static class RowAddress
{
    private const string Slash = "%2F";

    /// <summary>Whether a key can be that: dots are steps in an address, and nothing is the list.</summary>
    public static bool CanName(string key) => key is not ("" or "." or "..");

    /// <summary>The address of a row that was added to a list.</summary>
    public static string Of(HttpRequest list, string key) => $"{list.PathBase.ToUriComponent()}{list.Path.ToUriComponent().TrimEnd('/')}/{Uri.EscapeDataString(key)}";

    /// <summary>The key that a request names. The server leaves <c>%2F</c> as it is, so that a key with a slash and one with those three characters look alike;
    /// the address as it came tells them apart.</summary>
    public static string KeyOf(HttpContext context)
    {
        var key = (string)context.Request.RouteValues["id"]!;
        if (!key.Contains(Slash, StringComparison.OrdinalIgnoreCase))
        {
            return key;
        }

        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var raw = target.Split('?')[0].TrimEnd('/');
        raw = raw[(raw.LastIndexOf('/') + 1)..];

        // A middleware may have changed the path: then what came says nothing.
        return Decoded(raw.Replace(Slash, "%252F", StringComparison.OrdinalIgnoreCase)).Equals(key, StringComparison.OrdinalIgnoreCase) ? Decoded(raw) : key.Replace(Slash, "/", StringComparison.OrdinalIgnoreCase);
    }

    private static string Decoded(string part) => Uri.UnescapeDataString(part);
}

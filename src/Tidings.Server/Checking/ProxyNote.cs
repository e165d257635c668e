using Tidings.Server.Configuration;

namespace Tidings.Server.Checking;

/// <summary>Notes where a configuration looks as if a proxy stood before the server that is not named: everybody would be one address to its bounds.</summary>
internal static class ProxyNote
{
    /// <returns>The note; null where there is nothing to say.</returns>
    public static string? Of(ServerSettings settings)
    {
        var options = settings.Options;
        if (options.TrustedProxies.Count > 0)
        {
            return null;
        }

        var urls = settings.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var sign = options.PathBase is not null ? $"Tidings:PathBase is {options.PathBase}"
            : urls.All(IsLoopback) ? "the server listens on loopback alone"
            : urls.All(static url => url.StartsWith("http:", StringComparison.OrdinalIgnoreCase))
                && options.Tidings.AllowedOrigins.Any(static origin => origin.StartsWith("https:", StringComparison.OrdinalIgnoreCase)) ? "pages come by https and the server speaks http"
            : null;
        return sign is null
            ? null
            : $"Tidings:TrustedProxies names nobody, and {sign}. If a proxy stands before it, name the proxy: until then all clients are one address, and share what one address may (Tidings:Limits:ConnectionsPerIp and the other bounds of an address).";
    }

    private static bool IsLoopback(string url) => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.IsLoopback;
}

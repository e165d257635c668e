using System.Net.Http.Headers;
using System.Reflection;

namespace Tidings.Client.Transports;

/// <summary>The headers of every request and handshake: the application's, and who comes. No token ever stands in an address.</summary>
internal sealed class RequestHeaders(TidingsClientOptions options)
{
    private static readonly string Agent =
        $"Tidings.Client/{typeof(RequestHeaders).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0"}";

    private readonly KeyValuePair<string, string>[] _own = [.. options.Headers];

    /// <summary>Of one request.</summary>
    /// <param name="token">Who comes; it goes before an <c>Authorization</c> of the application.</param>
    public IEnumerable<KeyValuePair<string, string>> For(string? token)
    {
        if (options.Platform.OwnsRequests && !Has("User-Agent"))
        {
            yield return new("User-Agent", Agent);
        }

        foreach (var header in _own)
        {
            if (token is null || !Is(header, "Authorization"))
            {
                yield return header;
            }
        }

        if (token is not null)
        {
            yield return new("Authorization", new AuthenticationHeaderValue("Bearer", token).ToString());
        }
    }

    private bool Has(string name) => Array.Exists(_own, header => Is(header, name));

    private static bool Is(KeyValuePair<string, string> header, string name) => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase);
}

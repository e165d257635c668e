using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tidings.AspNetCore.Pusher;

/// <summary>Who signed a request of the HTTP API: the application's secret over method, path, query and body.</summary>
internal static class PusherSignature
{
    private const int MostSeconds = 600;

    /// <returns>Why the request is refused, or null.</returns>
    public static string? Refuse(HttpRequest request, PusherApp app, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var query = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, values) in request.Query)
        {
            if (values.Count != 1 || !query.TryAdd(name.ToLowerInvariant(), values[0] ?? ""))
            {
                return $"{name} occurs more than once";
            }
        }

        query.Remove("auth_signature", out var signature);
        if (query.GetValueOrDefault("auth_key") != app.Key)
        {
            return "auth_key is not the key of this application";
        }

        if (query.GetValueOrDefault("auth_version") != "1.0")
        {
            return "auth_version must be 1.0";
        }

        if (!long.TryParse(query.GetValueOrDefault("auth_timestamp"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || Math.Abs(now.ToUnixTimeSeconds() - seconds) > MostSeconds)
        {
            return $"auth_timestamp is not within {MostSeconds} seconds of the server's clock";
        }

        if (body.Length > 0 || query.ContainsKey("body_md5"))
        {
#pragma warning disable CA5351 // The protocol's own checksum of the body; what proves it is the signature over the checksum.
            var md5 = Convert.ToHexStringLower(MD5.HashData(body));
#pragma warning restore CA5351
            if (query.GetValueOrDefault("body_md5") != md5)
            {
                return "body_md5 is not that of the body";
            }
        }

        var text = new StringBuilder(request.Method).Append('\n').Append(Path(request)).Append('\n')
            .AppendJoin('&', query.Select(static pair => $"{pair.Key}={pair.Value}"));
        return app.IsSignature(signature, text.ToString()) ? null : "auth_signature does not hold";
    }

    // As it was sent: what is escaped in it was signed so.
    private static string Path(HttpRequest request)
    {
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var end = target.IndexOf('?', StringComparison.Ordinal);
        return target.StartsWith('/') ? end < 0 ? target : target[..end] : request.PathBase + request.Path;
    }
}

using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tidings.AspNetCore.Transport.Express;

/// <summary>Reads the head of a handshake that leaves nothing to interpret; every other one is the web server's.</summary>
/// <remarks>What is refused here is not wrong, only less plain: encoded or dotted paths, folded or repeated headers, letters beyond
/// ASCII, bodies, forwarded requests, and what the application's own authentication may know somebody by.</remarks>
internal static class ExpressRequest
{
    private const int MostHeaders = 40;

    private static readonly SearchValues<byte> PathBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:@/"u8);

    private static readonly SearchValues<byte> HostBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]"u8);

    // RFC 9110 §5.6.2
    private static readonly SearchValues<byte> TokenBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"u8);

    private static readonly string[] KnownNames =
    [
        "Host", "Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol",
        "Origin", "User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Pragma",
    ];

    // Middleware of the application may make something of these: identities, addresses, schemes.
    private static readonly HashSet<string> OthersNames = new(["Cookie", "Authorization", "Forwarded", "Via", "Expect"], StringComparer.OrdinalIgnoreCase);

    // What browsers and libraries write.
    private static readonly HashSet<string> UpgradeOptions = new(["Upgrade", "keep-alive, Upgrade"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads <paramref name="head"/>, a complete head that asks for a WebSocket by GET.</summary>
    /// <param name="head">From the request line to the empty line.</param>
    /// <param name="request">The request.</param>
    /// <returns>False where the web server is to read it.</returns>
    public static bool TryRead(ReadOnlySpan<byte> head, out HttpRequestFeature request)
    {
        request = null!;
        var end = head.IndexOf("\r\n"u8);
        if (end < 0 || !TryReadTarget(head[..end], out var path, out var query)
            || !TryReadHeaders(head[(end + 2)..], out var headers))
        {
            return false;
        }

        request = new HttpRequestFeature
        {
            Method = HttpMethods.Get,
            Protocol = HttpProtocol.Http11,
            Scheme = "http",
            Path = path,
            QueryString = query,
            RawTarget = path + query,
            Headers = headers,
        };
        return true;
    }

    private static bool TryReadTarget(ReadOnlySpan<byte> line, out string path, out string query)
    {
        path = query = "";
        if (!line.StartsWith("GET /"u8) || !line.EndsWith(" HTTP/1.1"u8))
        {
            return false;
        }

        var target = line[4..^9];
        var mark = target.IndexOf((byte)'?');
        var bytes = mark < 0 ? target : target[..mark];
        if (bytes.ContainsAnyExcept(PathBytes) || bytes.IndexOf("/."u8) >= 0 || bytes.IndexOf("//"u8) >= 0 || bytes[^1] == '/')
        {
            return false;
        }

        if (mark >= 0)
        {
            if (target[mark..].ContainsAnyExceptInRange((byte)'!', (byte)'~') || target[mark..].Contains((byte)'#'))
            {
                return false;
            }

            query = Encoding.ASCII.GetString(target[mark..]);
        }

        path = Encoding.ASCII.GetString(bytes);
        return true;
    }

    private static bool TryReadHeaders(ReadOnlySpan<byte> lines, out HeaderDictionary headers)
    {
        headers = new HeaderDictionary(16);
        for (var count = 0; ; count++)
        {
            var end = lines.IndexOf("\r\n"u8);
            if (end == 0)
            {
                return headers.ContainsKey("Host") && headers.ContainsKey("Connection");
            }

            if (end < 0 || count == MostHeaders || !TryReadHeader(lines[..end], headers))
            {
                return false;
            }

            lines = lines[(end + 2)..];
        }
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> line, HeaderDictionary headers)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].ContainsAnyExcept(TokenBytes))
        {
            return false;
        }

        var bytes = line[(colon + 1)..].Trim(" \t"u8);
        if (bytes.ContainsAnyExceptInRange((byte)' ', (byte)'~') || NameOf(line[..colon]) is not { } name)
        {
            return false;
        }

        var value = Encoding.ASCII.GetString(bytes);
        return name switch
        {
            "Host" => bytes.Length > 0 && !bytes.ContainsAnyExcept(HostBytes),
            "Connection" => UpgradeOptions.Contains(value),
            _ => true,
        } && headers.TryAdd(name, value);
    }

    // Null where it is one that is left to the web server.
    private static string? NameOf(ReadOnlySpan<byte> bytes)
    {
        foreach (var known in KnownNames)
        {
            if (Ascii.EqualsIgnoreCase(bytes, known))
            {
                return known;
            }
        }

        var name = Encoding.ASCII.GetString(bytes);
        return OthersNames.Contains(name) || name.StartsWith("X-", StringComparison.OrdinalIgnoreCase) ? null : name;
    }
}

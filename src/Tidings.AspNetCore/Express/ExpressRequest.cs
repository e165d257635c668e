using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tidings.AspNetCore.Express;

/// <summary>Reads the head of a handshake that leaves nothing to interpret; every other one is the web server's.</summary>
/// <remarks>What is refused here is not wrong, only less plain: encoded or dotted paths, folded or repeated headers, letters beyond
/// ASCII, bodies, forwarded requests, and what the application's own authentication may know somebody by.</remarks>
internal static class ExpressRequest
{
    private const int MostHeaders = 40;

    private static readonly SearchValues<byte> PathBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:@/"u8);

    private static readonly SearchValues<byte> NameBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"u8);

    // RFC 3986 §3.2.2, without zones and versions to come.
    private static readonly SearchValues<byte> AddressBytes = SearchValues.Create("ABCDEFabcdef0123456789:."u8);

    private const int LongestPort = 5;

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
            "Host" => IsPlainHost(bytes),
            "Connection" => UpgradeOptions.Contains(value),
            _ => true,
        } && headers.TryAdd(name, value);
    }

    // A name or an address, and a port or none. What a Host header may look like besides, and what it must not, the web server knows.
    private static bool IsPlainHost(ReadOnlySpan<byte> host)
    {
        var end = host is [(byte)'[', ..] ? host.IndexOf((byte)']') + 1 : host.IndexOf((byte)':') is var colon and >= 0 ? colon : host.Length;
        var name = host[..end];
        var port = host[end..];
        var isName = name is [(byte)'[', .. var address, (byte)']']
            ? !address.ContainsAnyExcept(AddressBytes) && IPAddress.TryParse(Encoding.ASCII.GetString(address), out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6
            : name.Length > 0 && !name.ContainsAnyExcept(NameBytes);
        return isName
            && (port.Length == 0 || (port is [(byte)':', .. { Length: > 0 and <= LongestPort } digits] && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9')));
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

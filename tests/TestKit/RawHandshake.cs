using System.Security.Cryptography;
using System.Text;

namespace TestKit;

/// <summary>The client's side of the opening handshake, with every header open to change.</summary>
public static class RawHandshake
{
    private const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));

    /// <summary>What a server must answer to <paramref name="key"/>.</summary>
    public static string AcceptOf(string key)
    {
#pragma warning disable CA5350 // RFC 6455 §4.2.2 asks for SHA-1.
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Guid)));
#pragma warning restore CA5350
    }

    /// <summary>A request whose headers are those of a right handshake, replaced and added to by <paramref name="headers"/>.</summary>
    public static string Request(string path, int port, string key, IReadOnlyList<(string Name, string? Value)> headers, string method = "GET")
    {
        ArgumentNullException.ThrowIfNull(headers);
        List<(string Name, string? Value)> all =
        [
            ("Host", $"127.0.0.1:{port}"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key),
        ];
        all.RemoveAll(header => headers.Any(other => other.Name.Equals(header.Name, StringComparison.OrdinalIgnoreCase)));
        all.AddRange(headers);
        var request = new StringBuilder($"{method} {path} HTTP/1.1\r\n");
        foreach (var (name, value) in all)
        {
            if (value is not null)
            {
                request.Append(name).Append(": ").Append(value).Append("\r\n");
            }
        }

        return request.Append("\r\n").ToString();
    }
}

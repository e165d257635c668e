using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Tidings.AspNetCore.Express;
using Tidings.AspNetCore.Kestrel;

namespace Tidings.Fuzz.Targets;

/// <summary>The head of the first request as the lane peeks at it: the longer the prefix, the more is known, and nothing is ever taken back.</summary>
internal sealed class HandshakeHeadTarget : FuzzTarget
{
    public override string Name => "handshake-head";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [.. new[] { "GET ", "\r\n", "\r\n\r\n", "\r", "\n", "Upgrade: websocket\r\n", "upgrade:\twebSocket \r\n", "Host: a\r\n", "Connection: Upgrade\r\n", "GET /ws/a HTTP/1.1\r\n", "Cookie: a\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", ": ", " HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }.Select(Encoding.ASCII.GetBytes), [0x16, 0x03, 0x01]];

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var kind = RequestHead.Classify(input, out var length);
        Require((kind == HeadKind.Upgrade) == Expected(input, length), "an upgrade is a whole head of GET that asks for a WebSocket and has no body");
        for (var cut = 0; cut <= input.Length; cut = cut < 64 || cut > input.Length - 64 ? cut + 1 : cut + 17)
        {
            var early = RequestHead.Classify(input[..cut], out var earlyLength);
            Require(early == HeadKind.Undecided || early == kind, "what a prefix decides, the whole says too");
            Require(early != HeadKind.Upgrade || (earlyLength == length && earlyLength <= cut), "the head ends at the same byte, however much is there");
        }

        var plain = kind == HeadKind.Upgrade && ExpressRequest.TryRead(input[..length], out var request) && IsPlain(request);
        var path = new Fnv();
        path.Add(plain ? 1 : 0);
        path.Add((byte)kind);
        path.Add(Math.Min(length, 40));
        path.Add(input.Count((byte)'\n'));
        path.Add(input.Count((byte)':'));
        return new Outcome(kind.ToString(), path.Value);
    }

    // The same by strings, a line at a time.
    private static bool Expected(ReadOnlySpan<byte> input, int length)
    {
        var end = input.IndexOf("\r\n\r\n"u8);
        if (end < 0 || !input.StartsWith("GET "u8))
        {
            return false;
        }

        var headers = Encoding.Latin1.GetString(input[..end]).Split("\r\n").Skip(1).Where(line => line.IndexOf(':', StringComparison.Ordinal) > 0)
            .Select(line => line.Split(':', 2)).ToList();
        var upgrade = headers.Exists(header => Is(header[0], "upgrade") && Is(header[1].Trim(' ', '\t'), "websocket"))
            && !headers.Exists(header => Is(header[0], "content-length") || Is(header[0], "transfer-encoding"));
        Require(!upgrade || length == end + 4, "the head is as long as to its blank line");
        return upgrade;
    }

    // What the lane answers itself leaves nothing to interpret.
    private static bool IsPlain(HttpRequestFeature request)
    {
        Require(request.Path[0] == '/' && !request.Path.Contains('%') && !request.Path.Contains("//", StringComparison.Ordinal) && !request.Path.Contains("/.", StringComparison.Ordinal), "the path is as it stands");
        Require(request.Headers.ContainsKey("Host") && !request.Headers.ContainsKey("Cookie") && !request.Headers.ContainsKey("Authorization"), "nobody is known by a header that middleware reads");
        foreach (var (name, value) in request.Headers)
        {
            Require(value.Count == 1 && !value[0]!.AsSpan().ContainsAnyExceptInRange(' ', '~') && !name.AsSpan().ContainsAnyExceptInRange('!', '~'), "headers are plain, and each comes once");
        }

        return true;
    }

    private static bool Is(string text, string name) => string.Equals(text, name, StringComparison.OrdinalIgnoreCase);
}

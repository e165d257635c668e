using System.Text;
using Tidings.AspNetCore.Transport;

namespace Tidings.Fuzz.Targets;

/// <summary>The head of the first request as the lane peeks at it: the longer the prefix, the more is known, and nothing is ever taken back.</summary>
internal sealed class HandshakeHeadTarget : FuzzTarget
{
    public override string Name => "handshake-head";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [.. new[] { "GET ", "\r\n", "\r\n\r\n", "\r", "\n", "Upgrade: websocket\r\n", "upgrade:\twebSocket \r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", ": ", " HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }.Select(Encoding.ASCII.GetBytes), [0x16, 0x03, 0x01]];

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

        var path = new Fnv();
        path.Add((byte)kind);
        path.Add(Math.Min(length, 40));
        path.Add(input.Count((byte)'\n'));
        path.Add(input.Count((byte)':'));
        return new Outcome(kind.ToString(), path.Value);
    }

    // The same by strings, a line at a time.
    private static bool Expected(ReadOnlySpan<byte> input, int length)
    {
        var text = Encoding.Latin1.GetString(input);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0 || !text.StartsWith("GET ", StringComparison.Ordinal))
        {
            return false;
        }

        var headers = text[..end].Split("\r\n").Skip(1).Where(line => line.IndexOf(':', StringComparison.Ordinal) > 0)
            .Select(line => line.Split(':', 2)).Select(parts => (Name: parts[0].ToLowerInvariant(), Value: parts[1].Trim(' ', '\t').ToLowerInvariant())).ToList();
        var upgrade = headers.Contains(("upgrade", "websocket")) && headers.TrueForAll(header => header.Name is not ("content-length" or "transfer-encoding"));
        Require(!upgrade || length == end + 4, "the head is as long as to its blank line");
        return upgrade;
    }
}

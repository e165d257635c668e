namespace Tidings.AspNetCore.Kestrel;

/// <summary>What the first bytes of a connection give away.</summary>
internal enum HeadKind : byte
{
    /// <summary>More bytes are needed to tell.</summary>
    Undecided,

    /// <summary>A plain HTTP/1.1 request for a WebSocket, complete.</summary>
    Upgrade,

    /// <summary>Anything else: TLS, HTTP/2, another request.</summary>
    Other,
}

/// <summary>Looks at the head of the first request without judging it: the web server does that, also where a lane gets the connection.</summary>
internal static class RequestHead
{
    /// <summary>Bytes after which a head that is not complete is anything else.</summary>
    public const int Largest = 8 * 1024;

    /// <summary>Tells what <paramref name="bytes"/> begin, and for an upgrade how long its head is.</summary>
    public static HeadKind Classify(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        var method = "GET "u8;
        if (!bytes.StartsWith(method[..Math.Min(bytes.Length, method.Length)]))
        {
            return HeadKind.Other;
        }

        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return bytes.Length >= Largest ? HeadKind.Other : HeadKind.Undecided;
        }

        length = end + 4;
        return IsUpgrade(bytes[..(end + 2)]) ? HeadKind.Upgrade : HeadKind.Other;
    }

    private static bool IsUpgrade(ReadOnlySpan<byte> head)
    {
        var upgrade = false;
        var line = head.IndexOf("\r\n"u8) + 2;
        while (line < head.Length)
        {
            var rest = head[line..];
            var lineLength = rest.IndexOf("\r\n"u8);
            var header = rest[..lineLength];
            var colon = header.IndexOf((byte)':');
            if (colon > 0)
            {
                var name = header[..colon];
                upgrade |= IsNamed(name, "upgrade"u8) && IsNamed(header[(colon + 1)..].Trim(" \t"u8), "websocket"u8);

                // A request with a body is none of ours.
                if (IsNamed(name, "content-length"u8) || IsNamed(name, "transfer-encoding"u8))
                {
                    return false;
                }
            }

            line += lineLength + 2;
        }

        return upgrade;
    }

    private static bool IsNamed(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name) =>
        System.Text.Ascii.EqualsIgnoreCase(bytes, name);
}

using System.IO.Compression;

namespace Tidings.Conformance.Tests.Client;

/// <summary>A peer's half of permessage-deflate, each message by itself (RFC 7692 §7.2).</summary>
internal static class RawDeflate
{
    private static readonly byte[] Tail = [0x00, 0x00, 0xFF, 0xFF];

    public static byte[] Compress(ReadOnlySpan<byte> message, CompressionLevel level = CompressionLevel.Fastest)
    {
        using var output = new MemoryStream();
        using var deflate = new DeflateStream(output, level, leaveOpen: true);
        deflate.Write(message);
        deflate.Flush();
        var bytes = output.ToArray();
        if (!bytes.AsSpan().EndsWith(Tail))
        {
            // Of an empty message zlib writes nothing.
            return [0x00];
        }

        return bytes[..^Tail.Length];
    }

    public static byte[] Inflate(ReadOnlySpan<byte> payload)
    {
        using var input = new MemoryStream([.. payload, .. Tail]);
        using var inflate = new DeflateStream(input, CompressionMode.Decompress);
        using var output = new MemoryStream();
        inflate.CopyTo(output);
        return output.ToArray();
    }

    /// <summary>The payload of <paramref name="count"/> zeros; a thousandth of them, about.</summary>
    public static byte[] Bomb(int count) => Compress(new byte[count], CompressionLevel.SmallestSize);
}

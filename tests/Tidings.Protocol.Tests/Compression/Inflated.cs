using System.Buffers;
using Tidings.Protocol.Compression;

namespace Tidings.Protocol.Tests.Compression;

/// <summary>A result with the message copied out of the pool, and compressing with the destination found.</summary>
internal static class Inflated
{
    public static (InflateResult Result, byte[] Message) Of(ReadOnlySpan<byte> payload, int maxBytes = 1 << 20)
    {
        // A copy of the exact length: whoever reads beyond it reads foreign memory, not the rest of a larger array.
        var result = MessageInflater.Inflate(payload.ToArray(), InflateBounds.Of(maxBytes), out byte[] rented, out int length);
        byte[] message = rented.AsSpan(0, length).ToArray();
        Assert.True(result == InflateResult.Ok || rented.Length == 0, "an array was handed out with an error");
        ArrayPool<byte>.Shared.Return(rented);
        return (result, message);
    }

    public static byte[]? Deflate(ReadOnlySpan<byte> message, int level = 6, int threshold = 0)
    {
        byte[] destination = new byte[MessageDeflater.DestinationLength(message.Length)];
        var deflater = new MessageDeflater(new DeflateSettings(level, threshold));
        return deflater.TryDeflate(message, destination, out int written) ? destination[..written] : null;
    }
}

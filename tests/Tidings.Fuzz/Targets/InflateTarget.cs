using System.Buffers;
using System.IO.Compression;
using Tidings.Protocol.Compression;

namespace Tidings.Fuzz.Targets;

/// <summary>The payload of a compressed message. First byte of the input: the limit, as a power of two.</summary>
internal sealed class InflateTarget : FuzzTarget
{
    private const int LargestBits = 16;

    private static readonly byte[] Tail = [0x00, 0x00, 0xFF, 0xFF];

    public override string Name => "inflate";

    // Streams and their handles for each final block, and the control's own output.
    public override int AllocationBound => 256 * 1024;

    public override int LongestInput => 1024;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], [0x00, 0x05, 0x00, 0xFA, 0xFF], [0x03, 0x00], [0x01, 0x00, 0x00, 0xFF, 0xFF], [0x00, 0x00, 0xFF, 0xFF], [0xEC, 0xC1, 0x01, 0x01], [0x62, 0x18, 0x05, 0xA3, 0x60, 0x14]];

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var limit = input.IsEmpty ? 0 : 1 << (input[0] % (LargestBits + 1));
        var payload = input.IsEmpty ? input : input[1..];
        var result = MessageInflater.Inflate(payload, InflateBounds.Of(limit), out var rented, out var length);
        Require(result == InflateResult.Ok ? length <= limit && rented.Length >= length : rented.Length == 0 && length == 0, "a message is within its limit, and a refused one is nothing");
        var path = new Fnv();
        path.Add((byte)result);
        path.Add(length);
        path.Add((byte)payload.Length);
        if (result == InflateResult.Ok)
        {
            if (length > 0)
            {
                Require(Control(payload, length).AsSpan().StartsWith(rented.AsSpan(0, length)) || payload.Length == 0 || HasFinalBlock(payload), "the bytes are those that zlib makes of the payload and the tail");
            }

            if (rented.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }

        return new Outcome(result switch { InflateResult.Ok => "accepted", InflateResult.TooLarge => "refused (1009)", _ => "refused (1007)" }, path.Value);
    }

    // Behind a final block .NET's own stream reads nothing, where a message may go on (RFC 7692 §7.2.3.5): only one without can be compared.
    private static bool HasFinalBlock(ReadOnlySpan<byte> payload) => Control([.. payload, .. Tail, 0x00, 0x01, 0x00, 0xFE, 0xFF, 0x77], int.MaxValue) is [.., 0x77] is false;

    private static byte[] Control(ReadOnlySpan<byte> payload, int most)
    {
        using var source = new MemoryStream([.. payload, .. Tail]);
        using var inflate = new DeflateStream(source, CompressionMode.Decompress);
        var output = new byte[Math.Min(most, 1 << LargestBits) + 16];
        var length = 0;
        try
        {
            for (int read; length < output.Length && (read = inflate.Read(output, length, output.Length - length)) > 0;)
            {
                length += read;
            }
        }
        catch (InvalidDataException)
        {
            // What came until then is compared.
        }

        return output[..length];
    }
}

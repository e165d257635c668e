using System.Buffers.Binary;
using System.Security.Cryptography;
using Tidings.Protocol.Frames;

namespace Tidings.Server.Bench;

/// <summary>Frames of a client (RFC 6455 §5.2), written in front of their payload.</summary>
internal static class FrameWriting
{
    /// <summary>Two bytes, a length of eight, a mask of four.</summary>
    public const int LongestHeader = 14;

    private static readonly uint Key = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));

    /// <summary>Masks what stands behind the room for the header, and writes the header before it.</summary>
    /// <returns>The frame, which begins somewhere in that room.</returns>
    public static ReadOnlyMemory<byte> Mask(Memory<byte> frame, Opcode opcode)
    {
        var bytes = frame.Span;
        var payload = bytes[LongestHeader..];
        var extra = payload.Length <= 125 ? 0 : payload.Length <= ushort.MaxValue ? 2 : 8;
        var header = bytes[(8 - extra)..LongestHeader];
        header[0] = (byte)(0x80 | (byte)opcode);
        header[1] = (byte)(0x80 | (extra == 0 ? payload.Length : extra == 2 ? 126 : 127));
        if (extra == 2)
        {
            BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)payload.Length);
        }
        else if (extra == 8)
        {
            BinaryPrimitives.WriteUInt64BigEndian(header[2..], (ulong)payload.Length);
        }

        BitConverter.TryWriteBytes(header[(2 + extra)..], Key);
        Masking.Apply(payload, Key);
        return frame[(8 - extra)..];
    }
}

using System.Buffers.Binary;
using System.Text.Unicode;

namespace Tidings.Protocol.Frames;

/// <summary>Builds a server's frames: unmasked, so that one byte sequence serves every peer (RFC 6455 §5.1).</summary>
internal static class Frame
{
    /// <summary>The most bytes that <see cref="WriteHeader"/> writes.</summary>
    public const int LongestHeader = 10;

    private const byte Final = 0x80;
    private const byte Rsv1 = 0x40;

    /// <summary>How many bytes the header before <paramref name="length"/> bytes of payload has.</summary>
    public static int HeaderLength(long length) => length switch { < 126 => 2, <= ushort.MaxValue => 4, _ => 10 };

    /// <summary>Writes the header of an unfragmented frame and returns its length.</summary>
    public static int WriteHeader(Span<byte> destination, Opcode opcode, long length, bool compressed = false)
    {
        destination[0] = (byte)(Final | (compressed ? Rsv1 : 0) | (byte)opcode);
        switch (length)
        {
            case < 126:
                destination[1] = (byte)length;
                return 2;
            case <= ushort.MaxValue:
                destination[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)length);
                return 4;
            default:
                destination[1] = 127;
                BinaryPrimitives.WriteInt64BigEndian(destination[2..], length);
                return 10;
        }
    }

    /// <summary>The payload of a whole frame that this class has built.</summary>
    public static ReadOnlySpan<byte> PayloadOf(ReadOnlySpan<byte> frame) => frame[((frame[1] & 0x7F) switch { 126 => 4, 127 => 10, _ => 2 })..];

    /// <summary>Takes the first of several whole frames that this class has built off their front.</summary>
    /// <returns>Its payload.</returns>
    public static ReadOnlyMemory<byte> Next(ref ReadOnlyMemory<byte> frames, out Opcode opcode)
    {
        var bytes = frames.Span;
        opcode = (Opcode)(bytes[0] & 0x0F);
        var length = (bytes[1] & 0x7F) switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            127 => (int)BinaryPrimitives.ReadInt64BigEndian(bytes[2..]),
            var small => small,
        };
        var header = HeaderLength(length);
        var payload = frames.Slice(header, length);
        frames = frames[(header + length)..];
        return payload;
    }

    /// <summary>A text frame as a client sends it (RFC 6455 §5.3), with a key of zeros: for what a client has said in another way than over its connection.</summary>
    public static byte[] Masked(ReadOnlySpan<byte> text)
    {
        const int Key = 4;
        const byte MaskBit = 0x80;
        var header = HeaderLength(text.Length);
        var frame = new byte[header + Key + text.Length];
        WriteHeader(frame, Opcode.Text, text.Length);
        frame[1] |= MaskBit;
        text.CopyTo(frame.AsSpan(header + Key));
        return frame;
    }

    /// <summary>A whole frame around a copy of <paramref name="payload"/>.</summary>
    public static byte[] Create(Opcode opcode, ReadOnlySpan<byte> payload, bool compressed = false)
    {
        var header = HeaderLength(payload.Length);
        var frame = GC.AllocateUninitializedArray<byte>(header + payload.Length);
        WriteHeader(frame, opcode, payload.Length, compressed);
        payload.CopyTo(frame.AsSpan(header));
        return frame;
    }

    /// <summary>A text frame.</summary>
    public static byte[] Text(ReadOnlySpan<byte> utf8) => Create(Opcode.Text, utf8);

    /// <summary>A binary frame of a line of JSON, a line feed and a payload.</summary>
    public static byte[] Binary(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        var length = head.Length + 1 + payload.Length;
        var header = HeaderLength(length);
        var frame = GC.AllocateUninitializedArray<byte>(header + length);
        WriteHeader(frame, Opcode.Binary, length);
        head.CopyTo(frame.AsSpan(header));
        frame[header + head.Length] = (byte)'\n';
        payload.CopyTo(frame.AsSpan(header + head.Length + 1));
        return frame;
    }

    /// <summary>A close frame; without a code where <paramref name="code"/> is <see cref="DisconnectCode.NoStatus"/> (RFC 6455 §5.5.1).</summary>
    public static byte[] Close(DisconnectCode code)
    {
        if (code.Code == DisconnectCode.NoStatus.Code)
        {
            return Create(Opcode.Close, default);
        }

        Span<byte> payload = stackalloc byte[FrameReader.ControlPayload];
        BinaryPrimitives.WriteUInt16BigEndian(payload, code.Code);

        // A reason that is too long is cut between two code points.
        Utf8.FromUtf16(code.Reason, payload[2..], out _, out var written);
        return Create(Opcode.Close, payload[..(2 + written)]);
    }
}

using System.Buffers.Binary;

namespace Tidings.Conformance.Tests.Client;

/// <summary>A frame as it stands on the wire (RFC 6455 §5.2), unmasked.</summary>
internal sealed record WireFrame(int Opcode, byte[] Payload, bool Final, int Reserved, bool Masked)
{
    public const int Continuation = 0;
    public const int Text = 1;
    public const int Binary = 2;
    public const int Close = 8;
    public const int Ping = 9;
    public const int Pong = 10;

    private static readonly byte[] Key = [0x1D, 0xB2, 0x4F, 0xE8];

    /// <summary>A client's frame, with any opcode and any of the three reserved bits (4, 2, 1).</summary>
    public static byte[] Encode(int opcode, ReadOnlySpan<byte> payload, bool final = true, int reserved = 0)
    {
        var extended = payload.Length < 126 ? 0 : payload.Length <= ushort.MaxValue ? 2 : 8;
        var frame = new byte[2 + extended + Key.Length + payload.Length];
        frame[0] = (byte)((final ? 0x80 : 0) | (reserved << 4) | opcode);
        frame[1] = (byte)(0x80 | (extended switch { 0 => payload.Length, 2 => 126, _ => 127 }));
        if (extended == 2)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)payload.Length);
        }
        else if (extended == 8)
        {
            BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(2), payload.Length);
        }

        Key.CopyTo(frame, 2 + extended);
        var body = frame.AsSpan(2 + extended + Key.Length);
        for (var i = 0; i < payload.Length; i++)
        {
            body[i] = (byte)(payload[i] ^ Key[i & 3]);
        }

        return frame;
    }

    /// <summary>A message as frames of at most <paramref name="size"/> bytes of payload each.</summary>
    public static List<byte[]> Fragment(int opcode, ReadOnlySpan<byte> payload, int size, bool compressed = false)
    {
        var frames = new List<byte[]>();
        var at = 0;
        do
        {
            var length = Math.Min(size, payload.Length - at);
            frames.Add(Encode(at == 0 ? opcode : Continuation, payload.Slice(at, length), at + length == payload.Length, at == 0 && compressed ? 4 : 0));
            at += length;
        }
        while (at < payload.Length);

        return frames;
    }

    /// <summary>A close frame's payload.</summary>
    public static byte[] Closing(int code, ReadOnlySpan<byte> reason = default) => [(byte)(code >> 8), (byte)code, .. reason];

    /// <summary>Reads the frame at the front, or null where it is not all there.</summary>
    public static WireFrame? TryRead(ReadOnlySpan<byte> bytes, out int used)
    {
        used = 0;
        if (bytes.Length < 2)
        {
            return null;
        }

        var masked = (bytes[1] & 0x80) != 0;
        long length = bytes[1] & 0x7F;
        var at = 2 + (length switch { 126 => 2, 127 => 8, _ => 0 });
        if (bytes.Length < at + (masked ? 4 : 0))
        {
            return null;
        }

        var form = length;
        length = form switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            127 => BinaryPrimitives.ReadInt64BigEndian(bytes[2..]),
            _ => length,
        };
        if ((form == 126 && length < 126) || (form == 127 && length <= ushort.MaxValue))
        {
            throw new ConformanceException($"the server wrote the length {length} in a longer form than it needs");
        }

        at += masked ? 4 : 0;
        if (bytes.Length - at < length)
        {
            return null;
        }

        used = at + (int)length;
        return new WireFrame(bytes[0] & 0x0F, bytes.Slice(at, (int)length).ToArray(), (bytes[0] & 0x80) != 0, (bytes[0] >> 4) & 7, masked);
    }

    public override string ToString() =>
        $"opcode {Opcode}{(Final ? "" : " not final")}{(Reserved == 0 ? "" : $" reserved {Reserved}")}{(Masked ? " masked" : "")}, {Payload.Length} bytes {Convert.ToHexString(Payload.AsSpan(0, Math.Min(24, Payload.Length)))}";
}

/// <summary>The server did not do what a case asks of it.</summary>
internal sealed class ConformanceException(string message) : Exception(message);

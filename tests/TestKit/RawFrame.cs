using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace TestKit;

/// <summary>A WebSocket frame as a test sees it. Written after RFC 6455 alone, so that it shares no mistake with the server.</summary>
/// <param name="Opcode">0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong, or anything else of four bits.</param>
/// <param name="Payload">Not masked.</param>
public sealed record RawFrame(int Opcode, byte[] Payload)
{
    public const int Continuation = 0;
    public const int TextOpcode = 1;
    public const int BinaryOpcode = 2;
    public const int CloseOpcode = 8;
    public const int PingOpcode = 9;
    public const int PongOpcode = 10;

    public bool Final { get; init; } = true;

    /// <summary>RSV1, RSV2 and RSV3 as the bits 4, 2 and 1.</summary>
    public int Reserved { get; init; }

    /// <summary>What a client must do, and a server must not.</summary>
    public bool Masked { get; init; } = true;

    /// <summary>The length that the header claims, where it is not that of the payload.</summary>
    public ulong? ClaimedLength { get; init; }

    /// <summary>7, 16 or 64 bits for the length, where it is not the shortest form.</summary>
    public int? LengthBits { get; init; }

    public string Text => Encoding.UTF8.GetString(Payload);

    public static RawFrame OfText(string text) => new(TextOpcode, Encoding.UTF8.GetBytes(text));

    public static RawFrame OfBinary(byte[] bytes) => new(BinaryOpcode, bytes);

    public static RawFrame Ping(byte[]? payload = null) => new(PingOpcode, payload ?? []);

    public static RawFrame Pong(byte[]? payload = null) => new(PongOpcode, payload ?? []);

    /// <summary>A close frame with any code at all, or none.</summary>
    public static RawFrame Close(int? code = 1000, string reason = "")
    {
        if (code is null)
        {
            return new RawFrame(CloseOpcode, []);
        }

        var bytes = Encoding.UTF8.GetBytes(reason);
        var payload = new byte[2 + bytes.Length];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        bytes.CopyTo(payload, 2);
        return new RawFrame(CloseOpcode, payload);
    }

    /// <summary>The frame as bytes of the wire.</summary>
    public byte[] ToBytes(uint maskKey = 0x37FA213D)
    {
        var bytes = new List<byte>(Payload.Length + 14)
        {
            (byte)((Final ? 0x80 : 0) | (Reserved << 4) | Opcode),
        };
        var length = ClaimedLength ?? (ulong)Payload.Length;
        var masked = Masked ? 0x80 : 0;
        Span<byte> extended = stackalloc byte[8];
        switch (LengthBits ?? (length < 126 ? 7 : length <= ushort.MaxValue ? 16 : 64))
        {
            case 7:
                bytes.Add((byte)(masked | (int)length));
                break;
            case 16:
                bytes.Add((byte)(masked | 126));
                BinaryPrimitives.WriteUInt16BigEndian(extended, (ushort)length);
                bytes.AddRange(extended[..2]);
                break;
            default:
                bytes.Add((byte)(masked | 127));
                BinaryPrimitives.WriteUInt64BigEndian(extended, length);
                bytes.AddRange(extended);
                break;
        }

        if (!Masked)
        {
            bytes.AddRange(Payload);
            return [.. bytes];
        }

        BinaryPrimitives.WriteUInt32BigEndian(extended, maskKey);
        bytes.AddRange(extended[..4]);
        for (var i = 0; i < Payload.Length; i++)
        {
            bytes.Add((byte)(Payload[i] ^ extended[i & 3]));
        }

        return [.. bytes];
    }

    /// <summary>Reads the frame at the front of <paramref name="bytes"/>.</summary>
    /// <returns>Null where it is not complete.</returns>
    public static (RawFrame Frame, int Length)? Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2)
        {
            return null;
        }

        var at = 2;
        ulong length = (byte)(bytes[1] & 0x7F);
        if (length >= 126)
        {
            var extended = length == 126 ? 2 : 8;
            if (bytes.Length < at + extended)
            {
                return null;
            }

            length = extended == 2 ? BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]) : BinaryPrimitives.ReadUInt64BigEndian(bytes[at..]);
            at += extended;
        }

        var masked = (bytes[1] & 0x80) != 0;
        at += masked ? 4 : 0;
        if ((ulong)(bytes.Length - at) < length || bytes.Length < at)
        {
            return null;
        }

        var payload = bytes.Slice(at, (int)length).ToArray();
        for (var i = 0; masked && i < payload.Length; i++)
        {
            payload[i] ^= bytes[at - 4 + (i & 3)];
        }

        return (new RawFrame(bytes[0] & 0x0F, payload) { Final = (bytes[0] & 0x80) != 0, Reserved = (bytes[0] >> 4) & 7, Masked = masked }, at + (int)length);
    }

    public override string ToString()
    {
        const int Shown = 80;
        var kind = Opcode switch
        {
            Continuation => "continuation",
            TextOpcode => "text",
            BinaryOpcode => "binary",
            CloseOpcode => "close",
            PingOpcode => "ping",
            PongOpcode => "pong",
            _ => "opcode " + Opcode.ToString(CultureInfo.InvariantCulture),
        };
        var content = Opcode switch
        {
            TextOpcode => "\"" + (Payload.Length > Shown ? Encoding.UTF8.GetString(Payload, 0, Shown) + "…" : Text) + "\"",
            CloseOpcode when Payload.Length >= 2 => $"{BinaryPrimitives.ReadUInt16BigEndian(Payload)} \"{Encoding.UTF8.GetString(Payload, 2, Payload.Length - 2)}\"",
            _ => Convert.ToHexString(Payload.AsSpan(0, Math.Min(Payload.Length, 16))),
        };
        return $"{kind} {content} ({Payload.Length} bytes{(Final ? "" : ", not final")}{(Reserved == 0 ? "" : $", reserved {Reserved}")}{(Masked ? ", masked" : "")})";
    }
}

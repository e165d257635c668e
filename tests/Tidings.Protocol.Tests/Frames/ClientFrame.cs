using System.Buffers.Binary;
using System.Text;
using Tidings.Protocol.Frames;

namespace Tidings.Protocol.Tests.Frames;

/// <summary>How a frame's length is written (RFC 6455 §5.2).</summary>
internal enum LengthForm
{
    Shortest,
    Bits16,
    Bits64,
}

/// <summary>Builds the frames of a client, right ones and wrong ones, by the plainest code there is.</summary>
internal static class ClientFrame
{
    /// <summary>The key of RFC 6455 §5.7.</summary>
    public static readonly byte[] Key = [0x37, 0xFA, 0x21, 0x3D];

    public static byte[] Text(string text, bool final = true) => Of(Opcode.Text, Encoding.UTF8.GetBytes(text), final);

    public static byte[] Binary(byte[] payload, bool final = true) => Of(Opcode.Binary, payload, final);

    public static byte[] More(string text, bool final) => Of(Opcode.Continuation, Encoding.UTF8.GetBytes(text), final);

    public static byte[] Ping(string text = "") => Of(Opcode.Ping, Encoding.UTF8.GetBytes(text));

    public static byte[] Close(int code, string reason = "") => Of(Opcode.Close, [(byte)(code >> 8), (byte)code, .. Encoding.UTF8.GetBytes(reason)]);

    public static byte[] Of(
        Opcode opcode,
        byte[] payload,
        bool final = true,
        int rsv = 0,
        LengthForm form = LengthForm.Shortest,
        byte[]? key = null,
        bool masked = true)
    {
        var frame = new List<byte>(Header((final ? 0x80 : 0) | (rsv << 4) | (byte)opcode, payload.Length, form, masked));
        if (!masked)
        {
            return [.. frame, .. payload];
        }

        key ??= Key;
        frame.AddRange(key);
        frame.AddRange(Mask(payload, key));
        return [.. frame];
    }

    /// <summary>First byte, mask bit and length: what stands before the key.</summary>
    public static byte[] Header(int first, long length, LengthForm form = LengthForm.Shortest, bool masked = true)
    {
        var mask = masked ? 0x80 : 0;
        if (form == LengthForm.Shortest)
        {
            form = length > ushort.MaxValue ? LengthForm.Bits64 : length > 125 ? LengthForm.Bits16 : form;
        }

        Span<byte> bytes = stackalloc byte[10];
        bytes[0] = (byte)first;
        switch (form)
        {
            case LengthForm.Bits16:
                bytes[1] = (byte)(mask | 126);
                BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)length);
                return bytes[..4].ToArray();
            case LengthForm.Bits64:
                bytes[1] = (byte)(mask | 127);
                BinaryPrimitives.WriteInt64BigEndian(bytes[2..], length);
                return bytes.ToArray();
            default:
                bytes[1] = (byte)(mask | (int)length);
                return bytes[..2].ToArray();
        }
    }

    public static byte[] Mask(byte[] payload, byte[] key, int phase = 0)
    {
        var masked = new byte[payload.Length];
        for (var i = 0; i < payload.Length; i++)
        {
            masked[i] = (byte)(payload[i] ^ key[(i + phase) % 4]);
        }

        return masked;
    }

    public static byte[] Join(params byte[][] frames) => [.. frames.SelectMany(frame => frame)];
}

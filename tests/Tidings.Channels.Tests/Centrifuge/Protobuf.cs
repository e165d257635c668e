using System.Text;

namespace Tidings.Channels.Tests.Centrifuge;

/// <summary>Protobuf by hand, for what no library would write.</summary>
internal static class Protobuf
{
    /// <summary>A message with its length before it.</summary>
    public static byte[] Framed(params byte[][] fields)
    {
        var message = fields.SelectMany(static field => field).ToArray();
        return [.. Varint((ulong)message.Length), .. message];
    }

    public static byte[] Number(int number, ulong value) => [.. Varint((ulong)number << 3), .. Varint(value)];

    public static byte[] Text(int number, string text) => Bytes(number, Encoding.UTF8.GetBytes(text));

    public static byte[] Bytes(int number, byte[] bytes) => [.. Varint(((ulong)number << 3) | 2), .. Varint((ulong)bytes.Length), .. bytes];

    public static byte[] Message(int number, params byte[][] fields) => Bytes(number, fields.SelectMany(static field => field).ToArray());

    public static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }
}

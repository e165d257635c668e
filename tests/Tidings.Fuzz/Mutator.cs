using System.Buffers.Binary;

namespace Tidings.Fuzz;

/// <summary>Changes an input a little, in ways that parsers are known to get wrong.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> dictionary, int longest)
{
    private static readonly byte[] Bytes = [0x00, 0x01, 0x7D, 0x7E, 0x7F, 0x80, 0x81, 0x88, 0xC0, 0xE0, 0xED, 0xF0, 0xF4, 0xFE, 0xFF, (byte)'{', (byte)'"', (byte)'\\'];
    private static readonly long[] Numbers = [0, 1, 125, 126, 127, 128, 255, 256, 65535, 65536, int.MaxValue, 1L << 31, uint.MaxValue, 1L << 32, long.MaxValue, long.MinValue, -1];

    /// <summary>A changed copy of <paramref name="input"/>; <paramref name="other"/> may lend it a part.</summary>
    public byte[] Mutate(byte[] input, byte[] other)
    {
        var bytes = new List<byte>(input);
        for (var times = 1 + random.Next(random.Next(8) == 0 ? 16 : 3); times > 0; times--)
        {
            Change(bytes, other);
        }

        return [.. bytes.Take(longest)];
    }

    private void Change(List<byte> bytes, byte[] other)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)random.Next(256));
            return;
        }

        var at = random.Next(bytes.Count);
        switch (random.Next(11))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes[at] = Bytes[random.Next(Bytes.Length)];
                break;
            case 3:
                bytes[at] += (byte)(random.Next(2) == 0 ? 1 : 255);
                break;
            case 4:
                bytes.Insert(at, Bytes[random.Next(Bytes.Length)]);
                break;
            case 5:
                bytes.RemoveRange(at, random.Next(1, 1 + Math.Min(16, bytes.Count - at)));
                break;
            case 6:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 7:
                Repeat(bytes, at);
                break;
            case 8:
                Number(bytes, at);
                break;
            case 9 when dictionary.Count > 0:
                bytes.InsertRange(at, dictionary[random.Next(dictionary.Count)]);
                break;
            default:
                var from = random.Next(other.Length + 1);
                bytes.InsertRange(random.Next(2) == 0 ? bytes.Count : at, other[from..random.Next(from, other.Length + 1)]);
                break;
        }
    }

    private void Repeat(List<byte> bytes, int at)
    {
        var part = bytes.GetRange(at, random.Next(1, 1 + Math.Min(32, bytes.Count - at)));
        for (var times = random.Next(1, random.Next(20) == 0 ? 100 : 4); times > 0 && bytes.Count < longest; times--)
        {
            bytes.InsertRange(at, part);
        }
    }

    private void Number(List<byte> bytes, int at)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, Numbers[random.Next(Numbers.Length)]);
        var width = 2 << random.Next(3);
        for (var i = 0; i < width && at + i < bytes.Count; i++)
        {
            bytes[at + i] = number[8 - width + i];
        }
    }
}

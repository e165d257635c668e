using System.Buffers;
using System.Buffers.Binary;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>Deltas in the format of Fossil (fossil-scm.org, "Delta Format"): copies of the text before and what is new, with a checksum.</summary>
/// <remarks>Each piece begins and ends between two characters, so that a delta of two texts is a text.</remarks>
internal static class FossilDelta
{
    // As in Fossil: what is shorter is not worth a copy.
    private const int Block = 16;

    // Beyond, only beginning and end are compared.
    private const int LargestMiddle = 64 * 1024;

    /// <summary>What makes <paramref name="target"/> of <paramref name="source"/>; both are UTF-8.</summary>
    public static byte[] Create(ReadOnlySpan<byte> source, ReadOnlySpan<byte> target)
    {
        var output = new ArrayBufferWriter<byte>(64);
        WriteNumber((uint)target.Length, (byte)'\n', output);
        var prefix = Before(target, source.CommonPrefixLength(target));
        var suffix = SuffixOf(source[prefix..], target[prefix..]);
        Copy(prefix, 0, output);
        WriteMiddle(source, prefix, source.Length - suffix, target[prefix..^suffix], output);
        Copy(suffix, source.Length - suffix, output);
        WriteNumber(Checksum(target), (byte)';', output);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteMiddle(ReadOnlySpan<byte> source, int from, int to, ReadOnlySpan<byte> target, ArrayBufferWriter<byte> output)
    {
        var literal = 0;
        if (to - from is >= Block and <= LargestMiddle && target.Length is >= Block and <= LargestMiddle)
        {
            var blocks = new Dictionary<UInt128, int>((to - from) / Block);
            for (var at = from; at + Block <= to; at += Block)
            {
                blocks.TryAdd(BlockAt(source[at..]), at);
            }

            for (var at = 0; at + Block <= target.Length;)
            {
                if (!blocks.TryGetValue(BlockAt(target[at..]), out var found) || Extend(source, from, to, found, target, literal, at) is not { Length: >= Block } copy)
                {
                    at++;
                    continue;
                }

                Insert(target[literal..copy.Target], output);
                Copy(copy.Length, copy.Source, output);
                at = literal = copy.Target + copy.Length;
            }
        }

        Insert(target[literal..], output);
    }

    // As far as both are alike, to both sides, from one end of a character to another.
    private static (int Source, int Target, int Length) Extend(ReadOnlySpan<byte> source, int from, int to, int found, ReadOnlySpan<byte> target, int literal, int at)
    {
        var length = source[found..to].CommonPrefixLength(target[at..]);
        while (found > from && at > literal && source[found - 1] == target[at - 1])
        {
            (found, at, length) = (found - 1, at - 1, length + 1);
        }

        while (length > 0 && IsInside(target, at))
        {
            (found, at, length) = (found + 1, at + 1, length - 1);
        }

        return (found, at, Before(target, at + length) - at);
    }

    private static int SuffixOf(ReadOnlySpan<byte> source, ReadOnlySpan<byte> target)
    {
        var most = Math.Min(source.Length, target.Length);
        var length = 0;
        while (length < most && source[source.Length - length - 1] == target[target.Length - length - 1])
        {
            length++;
        }

        while (length > 0 && IsInside(target, target.Length - length))
        {
            length--;
        }

        return length;
    }

    // The last place at or before this one that is between two characters.
    private static int Before(ReadOnlySpan<byte> text, int at)
    {
        while (at > 0 && IsInside(text, at))
        {
            at--;
        }

        return at;
    }

    private static bool IsInside(ReadOnlySpan<byte> text, int at) => at < text.Length && (text[at] & 0xC0) == 0x80;

    private static UInt128 BlockAt(ReadOnlySpan<byte> text) => BinaryPrimitives.ReadUInt128LittleEndian(text);

    private static void Copy(int length, int offset, ArrayBufferWriter<byte> output)
    {
        if (length > 0)
        {
            WriteNumber((uint)length, (byte)'@', output);
            WriteNumber((uint)offset, (byte)',', output);
        }
    }

    private static void Insert(ReadOnlySpan<byte> bytes, ArrayBufferWriter<byte> output)
    {
        if (bytes.Length > 0)
        {
            WriteNumber((uint)bytes.Length, (byte)':', output);
            output.Write(bytes);
        }
    }

    // The sum of its words, big-endian, the last one filled up with zeros.
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (; bytes.Length >= sizeof(uint); bytes = bytes[sizeof(uint)..])
        {
            sum += BinaryPrimitives.ReadUInt32BigEndian(bytes);
        }

        Span<byte> last = stackalloc byte[sizeof(uint)];
        last.Clear();
        bytes.CopyTo(last);
        return sum + BinaryPrimitives.ReadUInt32BigEndian(last);
    }

    // In base 64, with digits of its own.
    private static void WriteNumber(uint number, byte end, ArrayBufferWriter<byte> output)
    {
        var digits = output.GetSpan(7);
        var length = 1;
        for (var rest = number >> 6; rest > 0; rest >>= 6)
        {
            length++;
        }

        for (var i = length - 1; i >= 0; i--, number >>= 6)
        {
            digits[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"u8[(int)(number & 63)];
        }

        digits[length] = end;
        output.Advance(length + 1);
    }
}

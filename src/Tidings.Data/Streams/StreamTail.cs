using System.Runtime.InteropServices;

namespace Tidings.Data.Streams;

/// <summary>The newest bytes of a stream, for readers who keep up. They grow in place where their array has room: what is there already is never changed.</summary>
internal static class StreamTail
{
    // The last row is shorter, and always among them.
    private const int Most = 4 * 1024;

    private const int Smallest = 256;
    private const int Largest = Most + (Most / 2);

    /// <summary>The newest bytes after an append. The next append goes on from what this one returns, or again from <paramref name="last"/> where this one was not kept.</summary>
    /// <param name="last">Those before it.</param>
    /// <param name="bytes">What is appended.</param>
    public static ReadOnlyMemory<byte> Append(ReadOnlyMemory<byte> last, ReadOnlySpan<byte> bytes)
    {
        if (MemoryMarshal.TryGetArray(last, out var array) && array.Count > 0 && bytes.Length <= array.Array!.Length - array.Offset - array.Count)
        {
            bytes.CopyTo(array.Array.AsSpan(array.Offset + array.Count));
            return Newest(array.Array.AsMemory(array.Offset, array.Count + bytes.Length));
        }

        if (bytes.Length >= Most)
        {
            return bytes[^Most..].ToArray();
        }

        var kept = last.Span[^Math.Min(last.Length, Most - bytes.Length)..];
        var length = kept.Length + bytes.Length;
        if (length == 0)
        {
            return default;
        }

        var larger = new byte[Math.Clamp(2 * length, Smallest, Largest)];
        kept.CopyTo(larger);
        bytes.CopyTo(larger.AsSpan(kept.Length));
        return larger.AsMemory(0, length);
    }

    private static Memory<byte> Newest(Memory<byte> bytes) => bytes[^Math.Min(bytes.Length, Most)..];
}

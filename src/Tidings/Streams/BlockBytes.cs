namespace Tidings.Streams;

/// <summary>Bytes that grow at the end, in blocks. What was read of them is never changed. Not safe from several threads.</summary>
internal sealed class BlockBytes
{
    // The first block begins small: most streams are short, and there are many of them.
    private const int Smallest = 256;
    private const int Block = 16 * 1024;

    private readonly List<byte[]> _blocks = [];

    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var (index, at) = ((int)(Length / Block), (int)(Length % Block));
            if (index == _blocks.Count)
            {
                _blocks.Add(new byte[index == 0 ? Math.Clamp(bytes.Length, Smallest, Block) : Block]);
            }
            else if (at == _blocks[index].Length)
            {
                // A reader of the former one keeps it.
                var larger = new byte[Math.Min(Block, Math.Max(2 * at, at + bytes.Length))];
                _blocks[index].CopyTo(larger, 0);
                _blocks[index] = larger;
            }

            var count = Math.Min(bytes.Length, _blocks[index].Length - at);
            bytes[..count].CopyTo(_blocks[index].AsSpan(at));
            Length += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>Bytes that are there: where they stand in one block, without a copy.</summary>
    public ReadOnlyMemory<byte> Read(long from, int count)
    {
        var (index, at) = ((int)(from / Block), (int)(from % Block));
        if (at + count <= Block)
        {
            return count == 0 ? default : _blocks[index].AsMemory(at, count);
        }

        var copy = new byte[count];
        for (var done = 0; done < count;)
        {
            var part = Math.Min(count - done, Block - at);
            _blocks[index].AsSpan(at, part).CopyTo(copy.AsSpan(done));
            done += part;
            (index, at) = (index + 1, 0);
        }

        return copy;
    }
}

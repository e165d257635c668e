using System.Buffers;

namespace Tidings.Data.Segments;

/// <summary>How a segment ends.</summary>
internal enum SegmentEnding : byte
{
    /// <summary>With its end, after which nothing follows.</summary>
    Closed,

    /// <summary>Where nothing was written yet: its writer was killed, or writes it now.</summary>
    Open,

    /// <summary>In the middle of a record that a killed process had begun to write: nobody was shown it.</summary>
    Torn,

    /// <summary>With something that was not written so: cut off, or changed by somebody else than a writer.</summary>
    Damaged,
}

/// <summary>Takes the records of a segment in order.</summary>
internal delegate void RecordVisitor(in Record record, int position, ReadOnlySpan<byte> bytes);

/// <summary>Reads a segment from its beginning to where it holds no more.</summary>
internal static class SegmentReader
{
    private const int ChunkLength = 1 << 20;

    // A write is cut short, if at all, between two pages.
    private const int Page = 4096;

    /// <param name="segment">The segment.</param>
    /// <param name="visit">Takes its records.</param>
    /// <param name="from">Where a record begins.</param>
    /// <returns>How it ends, and where: behind the last whole record.</returns>
    public static (SegmentEnding Ending, int End) Read(Segment segment, RecordVisitor visit, int from = Segment.HeaderLength)
    {
        var length = (int)Math.Min(segment.FileLength, int.MaxValue);
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkLength);
        try
        {
            var (start, filled) = (0, 0);
            var position = from;
            while (true)
            {
                if (!TryHave(segment, ref chunk, ref start, ref filled, position, Record.PrefixLength, length))
                {
                    return (EndingOf(segment, position, length, recordLength: 0), position);
                }

                var recordLength = Record.LengthOf(chunk.AsSpan(position - start));
                if (recordLength == 0 || !TryHave(segment, ref chunk, ref start, ref filled, position, recordLength, length)
                    || !Record.IsWhole(chunk.AsSpan(position - start, recordLength), segment.Number, position)
                    || !Record.TryRead(chunk.AsSpan(position - start, recordLength), out var record))
                {
                    return (EndingOf(segment, position, length, recordLength), position);
                }

                if (record.Type == RecordType.End)
                {
                    // Its room may not have been given back yet.
                    var end = position + recordLength;
                    return (end == length || (length == segment.Capacity && LastWritten(segment, end, length) < end) ? SegmentEnding.Closed : SegmentEnding.Damaged, position);
                }

                visit(record, position, chunk.AsSpan(position - start, recordLength));
                position += recordLength;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private static bool TryHave(Segment segment, ref byte[] chunk, ref int start, ref int filled, int position, int wanted, int length)
    {
        if (position + (long)wanted > length)
        {
            return false;
        }

        if (position - start + wanted <= filled)
        {
            return true;
        }

        if (wanted > chunk.Length)
        {
            ArrayPool<byte>.Shared.Return(chunk);
            chunk = ArrayPool<byte>.Shared.Rent(wanted);
        }

        start = position;
        for (filled = 0; filled < chunk.Length;)
        {
            var read = segment.Read(chunk.AsSpan(filled), start + filled);
            if (read == 0)
            {
                break;
            }

            filled += read;
        }

        return filled >= wanted;
    }

    private static SegmentEnding EndingOf(Segment segment, int position, int length, int recordLength)
    {
        // Who wrote it took the room first, and gives it back only behind an end: what is shorter was cut off.
        if (length < segment.Capacity)
        {
            return SegmentEnding.Damaged;
        }

        var last = LastWritten(segment, position, length);
        return last < position ? SegmentEnding.Open
            : recordLength > 0 && (last + 1) % Page == 0 && last + 1 < position + recordLength ? SegmentEnding.Torn
            : SegmentEnding.Damaged;
    }

    // Where the last byte is that is not 0; before the position where there is none.
    private static int LastWritten(Segment segment, int position, int length)
    {
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkLength);
        var last = position - 1;
        for (var at = position; at < length;)
        {
            var read = segment.Read(chunk.AsSpan(0, Math.Min(ChunkLength, length - at)), at);
            if (read == 0)
            {
                break;
            }

            if (chunk.AsSpan(0, read).LastIndexOfAnyExcept((byte)0) is >= 0 and var found)
            {
                last = at + found;
            }

            at += read;
        }

        ArrayPool<byte>.Shared.Return(chunk);
        return last;
    }
}

using System.Buffers;
using Tidings.Brokers;
using Tidings.Data.Segments;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Data.Logs;

/// <summary>Something in a segment is not what was written there.</summary>
internal sealed class RecordDamagedException(string path, int position, long offset) : IOException($"{path} is damaged at byte {position}")
{
    /// <summary>The newest message that cannot be read.</summary>
    public long Offset => offset;
}

/// <summary>Reads messages of a log out of segments, from each to the one before it.</summary>
internal static class LogReader
{
    // Most records are read at once.
    private const int Guess = 1024;

    /// <summary>Reads the messages of a range, in order; those before <paramref name="oldest"/> are left out, with all that came before them.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="epoch">The log's epoch.</param>
    /// <param name="pieces">Where they are; the segments are pinned.</param>
    /// <param name="oldest">What was kept until then is too old.</param>
    /// <param name="bytes">The most bytes that are read; what is older is left out.</param>
    /// <exception cref="RecordDamagedException">One cannot be read.</exception>
    public static List<Message> Read(string channel, string epoch, IReadOnlyList<LogPiece> pieces, long oldest, long bytes)
    {
        List<Message> messages = [];
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            for (var i = pieces.Count - 1; i >= 0; i--)
            {
                if (!ReadPiece(channel, epoch, pieces[i], oldest, ref bytes, ref buffer, messages))
                {
                    break;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        messages.Reverse();
        return messages;
    }

    /// <summary>Reads the record at a place.</summary>
    /// <returns>Its length; 0 where there is none.</returns>
    public static int ReadRecord(Segment segment, int position, ref byte[] buffer)
    {
        var read = segment.Read(buffer.AsSpan(0, Guess), position);
        if (read < Record.PrefixLength || Record.LengthOf(buffer) is not (> 0 and var length))
        {
            return 0;
        }

        if (length > buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(length);
            buffer.AsSpan(0, read).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        while (read < length)
        {
            var more = segment.Read(buffer.AsSpan(read, length - read), position + read);
            if (more == 0)
            {
                return 0;
            }

            read += more;
        }

        return Record.IsWhole(buffer.AsSpan(0, length), segment.Number, position) ? length : 0;
    }

    private static bool ReadPiece(string channel, string epoch, LogPiece piece, long oldest, ref long bytes, ref byte[] buffer, List<Message> messages)
    {
        var position = piece.Position;
        for (var offset = piece.Near; offset >= piece.First; offset--)
        {
            var length = ReadRecord(piece.Segment, position, ref buffer);
            if (length == 0 || !Record.TryRead(buffer.AsSpan(0, length), out var record) || record.Type != RecordType.Message || record.Offset != offset)
            {
                throw new RecordDamagedException(piece.Segment.Path, position, Math.Min(offset, piece.Last));
            }

            if (offset <= piece.Last)
            {
                bytes -= length;
                if (record.Kept <= oldest || bytes < 0)
                {
                    return false;
                }

                messages.Add(LogEntry.Decode(channel, new StreamPosition(epoch, offset), record.Time, record.Payload.ToArray())
                    ?? throw new RecordDamagedException(piece.Segment.Path, position, offset));
            }

            var back = Record.BackOf(buffer);
            if (back == 0 && offset > piece.First)
            {
                throw new RecordDamagedException(piece.Segment.Path, position, offset - 1);
            }

            position -= back;
        }

        return true;
    }
}

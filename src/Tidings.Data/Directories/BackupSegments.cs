using Tidings.Data.Files;
using Tidings.Data.Segments;

namespace Tidings.Data.Directories;

/// <summary>The segments of a directory as a backup takes them, beside the server that writes them.</summary>
internal static class BackupSegments
{
    private const int Attempts = 10;
    private const int Looks = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Opens all that are listed at one moment, in order.</summary>
    /// <exception cref="DataDirectoryException">One is missing, or not the one that was written.</exception>
    public static List<Segment> Open(DataLayout layout)
    {
        for (var attempt = 1; ; attempt++)
        {
            var listed = SegmentListFile.Read(layout) ?? throw Damaged($"{layout.SegmentList} is missing or damaged");
            List<Segment> opened = [];
            try
            {
                foreach (var one in listed.Values.OrderBy(static one => one.Number))
                {
                    if (Segment.Open(layout, one.Number, writable: false) is not { } segment)
                    {
                        throw Damaged($"{layout.Segment(one.Number)} does not begin as a segment");
                    }

                    opened.Add(segment);
                    if (segment.Id != one.Id)
                    {
                        throw Damaged($"{segment.Path} is not the segment that was written, but another one");
                    }
                }

                return opened;
            }
            catch (FileNotFoundException error)
            {
                // Compaction took it away, and the list says so by now.
                opened.ForEach(static segment => segment.Unpin());
                if (attempt == Attempts)
                {
                    throw Damaged($"{error.FileName} is missing");
                }

                Thread.Sleep(Pause);
            }
            catch
            {
                opened.ForEach(static segment => segment.Unpin());
                throw;
            }
        }
    }

    /// <summary>Reads one up to its last whole record, with an end behind it.</summary>
    /// <exception cref="DataDirectoryException">It is damaged.</exception>
    public static (byte[] Bytes, int End) Read(Segment segment)
    {
        var (ending, end) = SegmentReader.Read(segment, static (in _, _, _) => { });
        for (var look = 1; ending == SegmentEnding.Damaged; look++)
        {
            // Or it was just being written.
            Thread.Sleep(Pause);
            (ending, var next) = SegmentReader.Read(segment, static (in _, _, _) => { }, end);
            if (next > end)
            {
                break;
            }

            if (look == Looks && ending == SegmentEnding.Damaged)
            {
                throw Damaged($"{segment.Path} is damaged at byte {end}");
            }
        }

        var closing = Record.Of(RecordType.End, default);
        Record.Seal(closing.Span, segment.Number, end, 0);
        var bytes = new byte[end + closing.Length];
        for (var read = 0; read < end;)
        {
            read += segment.Read(bytes.AsSpan(read, end - read), read);
        }

        closing.Span.CopyTo(bytes.AsSpan(end));
        return (bytes, end);
    }

    private static DataDirectoryException Damaged(string what) => new($"There is no backup, as {what}; \"tidings data check\" says what is whole.");
}

using System.Formats.Tar;
using Microsoft.Data.Sqlite;
using Tidings.Data.Files;
using Tidings.Data.Segments;
using Tidings.Data.State;

namespace Tidings.Data.Directories;

/// <summary>Copies a data directory into one file while a server has it: every log up to one moment, with all that was on disk or shown until then.</summary>
internal static class DataBackup
{
    private const int Attempts = 10;

    /// <returns>How many bytes the file has.</returns>
    /// <exception cref="DataDirectoryException">There is no such directory, it is damaged, or the file cannot be written.</exception>
    public static long Write(string directory, string file)
    {
        var layout = new DataLayout(Path.GetFullPath(directory));
        var manifest = Manifest.Read(layout) ?? throw new DataDirectoryException($"{directory} is no data directory, or its manifest is damaged; \"tidings data check\" says what is whole.");
        var target = Path.GetFullPath(file);
        var unfinished = target + DataLayout.UnfinishedEnding;
        var state = unfinished + ".db";
        try
        {
            using (var stream = new FileStream(unfinished, Options()))
            {
                using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
                {
                    var closed = WriteSegments(tar, layout);
                    CopyState(layout, state);
                    tar.WriteEntry(state, Path.GetFileName(layout.State));
                    WriteManifest(tar, manifest.Renewed() with { Boot = "", Closed = closed });
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(unfinished, target, overwrite: true);
            Unix.SyncDirectory(Path.GetDirectoryName(target)!);
            return new FileInfo(target).Length;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new DataDirectoryException($"The backup {file} cannot be written: {error.Message}", error);
        }
        finally
        {
            File.Delete(unfinished);
            File.Delete(state);
        }
    }

    // Everybody's messages are in it.
    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }

    // All are opened before the first is read: what compaction takes away meanwhile stays readable, and what it has moved is in one that is open or newer.
    private static (long Segment, long Length) WriteSegments(TarWriter tar, DataLayout layout)
    {
        tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "logs/") { Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute });
        var segments = OpenAll(layout);
        try
        {
            var closed = (0L, 0L);
            foreach (var segment in segments)
            {
                var bytes = Read(segment);
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "logs/" + Path.GetFileName(segment.Path)) { DataStream = new MemoryStream(bytes, writable: false), Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
                closed = (segment.Number, bytes.Length);
            }

            return closed;
        }
        finally
        {
            segments.ForEach(static segment => segment.Unpin());
        }
    }

    private static List<Segment> OpenAll(DataLayout layout)
    {
        for (var attempt = 1; ; attempt++)
        {
            List<Segment> opened = [];
            try
            {
                foreach (var number in layout.Segments())
                {
                    opened.Add(Segment.Open(layout, number, writable: false) ?? throw new DataDirectoryException($"{layout.Segment(number)} does not begin as a segment; \"tidings data check\" says what is whole."));
                }

                return opened;
            }
            catch (FileNotFoundException) when (attempt < Attempts)
            {
                opened.ForEach(static segment => segment.Unpin());
            }
        }
    }

    // Up to its last whole record, with an end behind it.
    private static byte[] Read(Segment segment)
    {
        var (ending, end) = SegmentReader.Read(segment, static (in _, _, _) => { });
        if (ending == SegmentEnding.Damaged)
        {
            // Or it was just being written.
            Thread.Sleep(100);
            if (SegmentReader.Read(segment, static (in _, _, _) => { }) is (SegmentEnding.Damaged, var again) && again == end)
            {
                throw new DataDirectoryException($"{segment.Path} is damaged at byte {end}; \"tidings data check\" says what is whole.");
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
        return bytes;
    }

    private static void CopyState(DataLayout layout, string target)
    {
        File.Delete(target);
        using var source = StateDatabase.OpenToRead(layout.State);
        using var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = target, Pooling = false }.ConnectionString);
        copy.Open();
        source.BackupDatabase(copy);
    }

    private static void WriteManifest(TarWriter tar, Manifest manifest) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "manifest") { DataStream = new MemoryStream(manifest.Encode(), writable: false), Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
}

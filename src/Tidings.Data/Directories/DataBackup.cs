using System.Formats.Tar;
using Microsoft.Data.Sqlite;
using Tidings.Data.Files;
using Tidings.Data.Segments;
using Tidings.Data.State;

namespace Tidings.Data.Directories;

/// <summary>Copies a data directory into one file while a server has it: every log up to one moment, with all that was on disk or shown until then.</summary>
internal static class DataBackup
{
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes it under <c>FILE.new</c>, which takes the name once it is whole and on disk.</summary>
    /// <returns>How many bytes the file has.</returns>
    /// <exception cref="DataDirectoryException">There is no such directory, it is damaged, or the file is there already or cannot be written.</exception>
    public static long Write(string directory, string file)
    {
        var layout = new DataLayout(Path.GetFullPath(directory));
        DirectoryRights.RequireReadable(layout);
        var manifest = Manifest.Read(layout) ?? throw new DataDirectoryException($"{directory} is no data directory, or its manifest is damaged; \"tidings data check\" says what is whole.");
        var target = TargetOf(file);
        var unfinished = target + DataLayout.UnfinishedEnding;
        var copy = unfinished + ".db";
        try
        {
            using (var handle = PrivateFile.Create(unfinished))
            using (var stream = new FileStream(handle, FileAccess.ReadWrite))
            {
                using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
                {
                    var segments = WriteSegments(tar, layout);
                    WriteFile(tar, Path.GetFileName(layout.SegmentList), SegmentListFile.Encode(segments.ConvertAll(static one => one.Listed)).Bytes);
                    foreach (var database in new[] { layout.State, layout.Streams, layout.Items }.Where(File.Exists))
                    {
                        CopyDatabase(database, copy);
                        tar.WriteEntry(copy, Path.GetFileName(database));
                    }

                    var closed = segments.Count == 0 ? default : segments.Select(static one => (one.Listed.Number, one.Length)).Max();
                    WriteFile(tar, Path.GetFileName(layout.Manifest), (manifest.Renewed() with { Boot = "", Closed = closed }).Encode());
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(unfinished, target);
            Unix.SyncDirectory(Path.GetDirectoryName(target)!);
            return new FileInfo(target).Length;
        }
        catch (UnauthorizedAccessException error)
        {
            throw new DataDirectoryException($"The backup {file} cannot be written: this user ({Environment.UserName}) may not write in {Path.GetDirectoryName(target)}. Name a file in another directory.", error);
        }
        catch (Exception error) when (error is IOException or SqliteException)
        {
            throw new DataDirectoryException($"The backup {file} cannot be written: {error.Message}", error);
        }
        finally
        {
            TryDelete(unfinished);
            TryDelete(copy);
        }
    }

    // What was backed up before is not lost to a slip of the hand.
    private static string TargetOf(string file)
    {
        if (file == "-")
        {
            throw new DataDirectoryException("A backup is written to a file, and not to standard output: it counts once it is whole and on disk. Name the file.");
        }

        var target = Path.GetFullPath(file);
        if (Directory.Exists(target))
        {
            throw new DataDirectoryException($"{file} is a directory: name the file in it that the backup is written to.");
        }

        if (File.Exists(target))
        {
            throw new DataDirectoryException($"{file} is there already, and is not overwritten: name another file, or move that one away.");
        }

        return Directory.Exists(Path.GetDirectoryName(target))
            ? target
            : throw new DataDirectoryException($"The backup {file} cannot be written: there is no directory {Path.GetDirectoryName(target)}. Make it, or name a file in another one.");
    }

    // All are opened before the first is read: what compaction takes away meanwhile stays readable. The newest is read first, so that nothing is missing in the midst:
    // what is written while it is read is behind the moment that the backup is of.
    private static List<(ListedSegment Listed, long Length)> WriteSegments(TarWriter tar, DataLayout layout)
    {
        tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "logs/") { Mode = OwnersFile | UnixFileMode.UserExecute });
        var segments = BackupSegments.Open(layout);
        List<(ListedSegment, long)> written = [];
        try
        {
            foreach (var segment in segments.AsEnumerable().Reverse())
            {
                var (bytes, end) = BackupSegments.Read(segment);
                WriteFile(tar, "logs/" + Path.GetFileName(segment.Path), bytes);
                written.Add((new ListedSegment(segment.Number, segment.Id, end), bytes.Length));
            }

            return written;
        }
        finally
        {
            segments.ForEach(static segment => segment.Unpin());
        }
    }

    private static void CopyDatabase(string path, string target)
    {
        PrivateFile.Create(target).Dispose();
        using var source = StateDatabase.OpenToRead(path);
        using var written = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = target, Pooling = false }.ConnectionString);
        written.Open();
        source.BackupDatabase(written);
    }

    private static void WriteFile(TarWriter tar, string name, byte[] bytes) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes, writable: false), Mode = OwnersFile });

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What went wrong is told already.
        }
    }
}

using Tidings.Brokers;
using Tidings.Data.Files;
using Tidings.Data.Logs;
using Tidings.Data.Segments;
using Tidings.Data.State;
using Tidings.Data.Streams;
using Tidings.Protocol;

namespace Tidings.Data.Directories;

/// <summary>What is in a data directory, found by reading all of it. A server may have it meanwhile.</summary>
/// <param name="InUse">Whether a process has it.</param>
/// <param name="Segments">How many segments there are.</param>
/// <param name="Bytes">What is in them.</param>
/// <param name="Logs">How many channels have a log.</param>
/// <param name="Messages">How many messages are kept.</param>
/// <param name="Keys">How many keys the states of all channels have.</param>
/// <param name="Tasks">How many tasks there are.</param>
/// <param name="Revocations">How many users and tokens are revoked.</param>
/// <param name="Streams">How many streams there are, outputs of tasks among them.</param>
/// <param name="Damage">What is not as it was written, in words; empty where all is whole.</param>
/// <param name="Notes">What is not wrong and good to know.</param>
internal sealed record DataReport(
    bool InUse, int Segments, long Bytes, long Logs, long Messages, long Keys, long Tasks, long Revocations, long Streams, IReadOnlyList<string> Damage, IReadOnlyList<string> Notes)
{
    private const int Attempts = 10;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <exception cref="DataDirectoryException">There is none, this user may not read it, or a newer version wrote it.</exception>
    public static DataReport Read(string directory)
    {
        var layout = new DataLayout(Path.GetFullPath(directory));
        DirectoryRights.RequireReadable(layout);
        if (!File.Exists(layout.Manifest) && layout.Segments().Count == 0)
        {
            throw new DataDirectoryException($"{directory} is no data directory: it has neither a manifest nor segments. Name the one that serve is given by --data.");
        }

        var (manifest, catalog, inUse) = ReadCatalog(layout);
        var report = Of(layout, manifest, catalog, inUse);
        Close(catalog);
        return report;
    }

    /// <summary>Whether a process has the directory.</summary>
    public static bool IsInUse(DataLayout layout)
    {
        if (!File.Exists(layout.Lock))
        {
            return false;
        }

        using var held = DirectoryLock.TryTake(layout, TimeSpan.Zero, sign: false);
        return held is null;
    }

    private static (Manifest? Manifest, LogCatalog Catalog, bool InUse) ReadCatalog(DataLayout layout)
    {
        for (var attempt = 1; ; attempt++)
        {
            var inUse = IsInUse(layout);
            try
            {
                var manifest = Manifest.Read(layout);
                var catalog = LogCatalog.Read(layout, inUse ? default : manifest?.Closed ?? default, inUse ? CatalogAccess.BesideServer : CatalogAccess.ToRead);

                // The list and what it speaks of are not read in one moment.
                if (catalog.Damage.Count == 0 || attempt == Attempts || !(inUse || IsInUse(layout)))
                {
                    return (manifest, catalog, inUse);
                }

                Close(catalog);
            }
            catch (FileNotFoundException) when (attempt < Attempts)
            {
                // Compaction took one away.
            }
            catch (AggregateException error) when (attempt < Attempts && error.InnerExceptions.All(static inner => inner is FileNotFoundException))
            {
            }

            Thread.Sleep(Pause);
        }
    }

    private static void Close(LogCatalog catalog)
    {
        foreach (var segment in catalog.Segments)
        {
            segment.Segment.Unpin();
        }
    }

    private static DataReport Of(DataLayout layout, Manifest? manifest, LogCatalog catalog, bool inUse)
    {
        List<string> damage = [.. catalog.Damage];
        if (manifest is null)
        {
            damage.Add($"{layout.Manifest} is missing or damaged");
        }

        damage.AddRange(catalog.Segments.SelectMany(static segment => UnreadableIn(segment.Segment)));
        var (logs, messages, keys) = Count(manifest, catalog);
        var state = StateContents.Read(layout.State);
        List<string> notes = [];
        if (state.Damage is { } stateDamage)
        {
            damage.Add(stateDamage);
            notes.Add($"The next start stops: restore {layout.State} from a backup, or move it away to begin without tasks, revocations and tickets.");
        }

        var streams = StreamContents.Read(layout.Streams);
        damage.AddRange(streams.Damage);
        if (streams.IsUnreadable)
        {
            notes.Add($"The next start stops: restore {layout.Streams} from a backup, or move it away to begin without {DatabaseSchema.Streams.Contents}.");
        }

        notes.AddRange(NotesOfSegments(manifest, catalog, inUse));
        notes.AddRange(DirectoryRights.Warnings(layout));
        if (DataPlace.NoteOf(layout.Root) is { } place)
        {
            notes.Add(place);
        }

        return new DataReport(inUse, catalog.Segments.Count, catalog.Segments.Sum(static segment => (long)segment.Segment.End), logs, messages, keys, state.Tasks, state.Revocations, streams.Streams, damage, notes);
    }

    private static IEnumerable<string> NotesOfSegments(Manifest? manifest, LogCatalog catalog, bool inUse)
    {
        if (DataDirectory.ReasonForNewEpochs(manifest, catalog, BootId.Current, isNew: false) is { } reason)
        {
            yield return $"The next start begins new epochs, as {reason}. Messages that are whole stay.";
        }

        if (catalog.Foreign.Count > 0 || catalog.Segments.Any(static segment => segment.Ending == SegmentEnding.Damaged))
        {
            yield return "The next start leaves a copy of each damaged segment beside it as .damaged.";
        }

        if (catalog.Damage.Count == 0 && !inUse && catalog.Segments.Any(static segment => segment.Ending == SegmentEnding.Torn))
        {
            yield return "The newest segment ends within a record that a killed process had begun to write; nobody was shown it, and the next start cuts it off.";
        }
    }

    // What is whole may still not be what a log gives back.
    private static List<string> UnreadableIn(Segment segment)
    {
        List<string> unreadable = [];
        SegmentReader.Read(segment, (in record, position, _) =>
        {
            if ((record.Type == RecordType.Message || record.Change == StateChange.Set) && LogEntry.Decode("", new StreamPosition("_", record.Offset), record.Time, record.Payload.ToArray()) is null)
            {
                unreadable.Add($"{segment.Path} has at byte {position} a message that cannot be read");
            }
        });
        return unreadable;
    }

    private static (long Logs, long Messages, long Keys) Count(Manifest? manifest, LogCatalog catalog)
    {
        var clock = new KeptClock(TimeProvider.System, catalog.Newest);
        manifest ??= Manifest.New();
        var (logs, messages, keys) = (0L, 0L, 0L);
        foreach (var log in catalog.Logs(new AbsentEpochs(manifest.Names, manifest.Epochs), new HistoryBudget(), clock.Now))
        {
            logs++;
            messages += log.Index.Extents.Sum(static extent => extent.Count);
            keys += log.State?.Keys ?? 0;
        }

        return (logs, messages, keys);
    }
}

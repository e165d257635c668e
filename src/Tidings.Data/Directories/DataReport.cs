using Microsoft.Data.Sqlite;
using Tidings.Brokers;
using Tidings.Data.Files;
using Tidings.Data.Logs;
using Tidings.Data.Segments;
using Tidings.Data.State;

namespace Tidings.Data.Directories;

/// <summary>What is in a data directory, found by reading all of it. A server may have it meanwhile.</summary>
/// <param name="InUse">Whether a process has it.</param>
/// <param name="Segments">How many segments there are.</param>
/// <param name="Bytes">What is in them.</param>
/// <param name="Logs">How many channels have a log.</param>
/// <param name="Messages">How many messages are kept.</param>
/// <param name="Tasks">How many tasks there are.</param>
/// <param name="Revocations">How many users and tokens are revoked.</param>
/// <param name="Damage">What is not as it was written, in words; empty where all is whole.</param>
/// <param name="Notes">What is not wrong and good to know.</param>
internal sealed record DataReport(
    bool InUse, int Segments, long Bytes, long Logs, long Messages, long Tasks, long Revocations, IReadOnlyList<string> Damage, IReadOnlyList<string> Notes)
{
    private const int Attempts = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <exception cref="DataDirectoryException">There is none, or a newer version wrote it.</exception>
    public static DataReport Read(string directory)
    {
        var layout = new DataLayout(Path.GetFullPath(directory));
        if (!File.Exists(layout.Manifest) && layout.Segments().Count == 0)
        {
            throw new DataDirectoryException($"{directory} is no data directory: it has neither a manifest nor segments. Name the one that serve is given by --data.");
        }

        var manifest = Manifest.Read(layout);
        var inUse = IsInUse(layout);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var catalog = LogCatalog.Read(layout, inUse ? default : manifest?.Closed ?? default, writable: false);
                if (inUse && catalog.Damage.Count > 0 && attempt < Attempts)
                {
                    // What looks torn is perhaps just being written.
                    Thread.Sleep(Pause);
                    continue;
                }

                return Of(layout, directory, manifest, catalog, inUse);
            }
            catch (FileNotFoundException) when (inUse && attempt < Attempts)
            {
                // Compaction took one away.
            }
            catch (AggregateException error) when (inUse && attempt < Attempts && error.InnerExceptions.All(static inner => inner is FileNotFoundException))
            {
            }
        }
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

    private static DataReport Of(DataLayout layout, string directory, Manifest? manifest, LogCatalog catalog, bool inUse)
    {
        List<string> damage = [.. catalog.Damage];
        if (manifest is null)
        {
            damage.Add($"{layout.Manifest} is missing or damaged");
        }

        var (logs, messages) = Count(manifest, catalog);
        var (tasks, revocations) = CountState(layout, damage);
        List<string> notes = [];
        if (damage.Count > 0)
        {
            notes.Add("The next start keeps what is whole, leaves a copy of each damaged segment as .damaged, and begins new epochs.");
        }

        if (catalog.Segments is [.., { Ending: SegmentEnding.Torn }])
        {
            notes.Add("The newest segment ends within a record that a killed process had begun to write; nobody was shown it, and the next start cuts it off.");
        }

        if (DataPlace.NoteOf(directory) is { } place)
        {
            notes.Add(place);
        }

        foreach (var segment in catalog.Segments)
        {
            segment.Segment.Unpin();
        }

        return new DataReport(inUse, catalog.Segments.Count, catalog.Segments.Sum(static segment => (long)segment.Segment.End), logs, messages, tasks, revocations, damage, notes);
    }

    private static (long Logs, long Messages) Count(Manifest? manifest, LogCatalog catalog)
    {
        var clock = new KeptClock(TimeProvider.System, catalog.Newest);
        manifest ??= Manifest.New();
        var (logs, messages) = (0L, 0L);
        foreach (var log in catalog.Logs(new AbsentEpochs(manifest.Names, manifest.Epochs), new HistoryBudget(), clock.Now))
        {
            logs++;
            messages += log.Index.Extents.Sum(static extent => extent.Count);
        }

        return (logs, messages);
    }

    private static (long Tasks, long Revocations) CountState(DataLayout layout, List<string> damage)
    {
        if (!File.Exists(layout.State))
        {
            return (0, 0);
        }

        try
        {
            using var connection = StateDatabase.OpenToRead(layout.State);
            if (StateDatabase.Ask(connection, "PRAGMA quick_check(1)") is not "ok")
            {
                damage.Add($"{layout.State} is damaged");
            }

            return ((long)StateDatabase.Ask(connection, "SELECT count(*) FROM tasks")!, (long)StateDatabase.Ask(connection, "SELECT count(*) FROM revoked WHERE kind < 2")!);
        }
        catch (SqliteException error)
        {
            damage.Add($"{layout.State} cannot be read: {error.Message}");
            return (0, 0);
        }
    }
}

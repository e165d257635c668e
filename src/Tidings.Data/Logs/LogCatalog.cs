using Tidings.Brokers;
using Tidings.Data.Files;

namespace Tidings.Data.Logs;

/// <summary>Who else has a directory that is read.</summary>
internal enum CatalogAccess : byte
{
    /// <summary>Nobody, and it is to be written.</summary>
    ToWrite,

    /// <summary>Nobody has it.</summary>
    ToRead,

    /// <summary>A server writes to it meanwhile.</summary>
    BesideServer,
}

/// <summary>What the segments of a directory say together.</summary>
internal sealed class LogCatalog
{
    // At a start the whole machine waits for it.
    private static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = Math.Clamp(Environment.ProcessorCount, 1, 8) };

    private LogCatalog(IReadOnlyList<SegmentContents> segments, IReadOnlyList<string> damage)
    {
        (Segments, Damage) = (segments, damage);
        Newest = segments.Count == 0 ? 0 : segments.Max(static segment => segment.Newest);
    }

    public IReadOnlyList<SegmentContents> Segments { get; }

    /// <summary>What is not as it was written, in words; empty where all is whole.</summary>
    public IReadOnlyList<string> Damage { get; }

    /// <summary>Files that are called segments and are none, or not those that were written.</summary>
    public IReadOnlyList<string> Foreign { get; private init; } = [];

    /// <summary>Files of segments that had been removed, or not yet begun, when the process was killed.</summary>
    public IReadOnlyList<string> Leftover { get; private init; } = [];

    /// <summary>The newest time that something was kept at.</summary>
    public long Newest { get; }

    /// <summary>Reads all segments.</summary>
    /// <param name="layout">The directory.</param>
    /// <param name="closed">The last segment and its length, as the last process left them that closed the directory; 0 where none did.</param>
    /// <param name="access">Who else has the directory.</param>
    /// <exception cref="DataDirectoryException">A newer version wrote one.</exception>
    public static LogCatalog Read(DataLayout layout, (long Segment, long Length) closed, CatalogAccess access)
    {
        var inventory = new SegmentInventory(layout, access == CatalogAccess.BesideServer);
        var contents = new SegmentContents?[inventory.Numbers.Count];
        try
        {
            Parallel.For(0, contents.Length, Parallelism, i => contents[i] = inventory.Read(inventory.Numbers[i], access));
        }
        catch (AggregateException error) when (error.InnerExceptions.FirstOrDefault(static inner => inner is DataDirectoryException) is { } known)
        {
            throw new DataDirectoryException(known.Message, known);
        }

        var segments = contents.OfType<SegmentContents>().ToList();
        inventory.Judge(segments, closed);
        return new LogCatalog(segments, inventory.Damage) { Foreign = inventory.Foreign, Leftover = inventory.Leftover };
    }

    /// <summary>Makes the logs.</summary>
    /// <param name="absent">Takes the marks of forgotten names, and says which epochs there are.</param>
    /// <param name="budget">What memory the logs may take.</param>
    /// <param name="now">By <see cref="KeptClock"/>.</param>
    public IEnumerable<DataLog> Logs(AbsentEpochs absent, HistoryBudget budget, long now)
    {
        var forgotten = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (var (channel, birth, marks) in Segments.SelectMany(static segment => segment.Forgotten))
        {
            if (marks is not null)
            {
                absent.Load(marks);
            }
            else
            {
                absent.Forget(channel!);
                forgotten[channel!] = Math.Max(birth, forgotten.GetValueOrDefault(channel!));
            }
        }

        var channels = new Dictionary<string, List<ChannelContents>>(StringComparer.Ordinal);
        foreach (var channel in Segments.SelectMany(static segment => segment.Channels.Values))
        {
            if (!forgotten.TryGetValue(channel.Name, out var birth) || channel.Birth > birth)
            {
                (channels.TryGetValue(channel.Name, out var list) ? list : channels[channel.Name] = []).Add(channel);
            }
        }

        var erased = Segments.SelectMany(static segment => segment.Erased).ToLookup(static one => one.Channel, StringComparer.Ordinal);
        MarkErased();
        var keys = Segments.SelectMany(static segment => segment.Keys).Where(key => key.Until > now).ToLookup(static key => key.Channel, StringComparer.Ordinal);
        foreach (var (name, parts) in channels)
        {
            var birth = parts.Max(static part => part.Birth);
            parts.RemoveAll(part => part.Birth < birth);
            var log = Make(name, birth, parts, absent, budget);
            var gone = erased[name].Where(one => one.Birth == birth && one.Offset > 0).Select(static one => one.Offset).ToHashSet();
            FoundState.Restore(log, parts, gone);
            foreach (var key in keys[name])
            {
                if (key.Birth == birth)
                {
                    log.Recent.RestoreKey(key.Key, key.Offset, now, TimeSpan.FromMilliseconds(key.Until - now), key.Sender);
                }
            }

            foreach (var offset in gone)
            {
                log.NoteErased(offset);
            }

            log.TrimByAge(now);
            yield return log;
        }
    }

    // Which segments may still have the bytes of what was erased when the process ended.
    private void MarkErased()
    {
        for (var i = 0; i < Segments.Count; i++)
        {
            foreach (var (channel, birth, offset) in Segments[i].Erased)
            {
                foreach (var segment in Segments.Take(i + 1))
                {
                    if (segment.Channels.TryGetValue(channel, out var part)
                        && (offset == 0 || (part.Birth == birth && (part.State?.First <= offset || part.Runs.Exists(run => run.First <= offset && offset <= run.Last)))))
                    {
                        segment.Segment.HoldsErased = true;
                    }
                }
            }
        }
    }

    private static DataLog Make(string name, ulong birth, List<ChannelContents> parts, AbsentEpochs absent, HistoryBudget budget)
    {
        var newest = parts.MaxBy(static part => part.Newest)!;
        var log = new DataLog(name, budget) { Birth = birth };
        log.Recent.Resume(absent.EpochOf(birth), newest.Newest, newest.Retention, newest.Sender);
        log.Home = parts.Last(part => part.Newest == newest.Newest).Segment;

        // From the newest on backwards, for as long as there is no hole: what lies before one is of no use to anybody who wants to go on.
        List<Extent> chosen = [];
        var wanted = newest.Newest;
        foreach (var run in parts.SelectMany(static part => part.Runs).OrderByDescending(static run => run.Last).ThenBy(static run => run.First))
        {
            if (run.First <= wanted && run.Last >= wanted)
            {
                chosen.Add(run.Last > wanted ? run.UpTo(wanted) : run);
                wanted = run.First - 1;
            }
        }

        chosen.Reverse();
        log.Index.Load(chosen);
        var left = parts.Where(static part => part.Runs.Count > 0).Select(static part => part.Segment).Except(chosen.Select(static run => run.Segment)).ToList();
        if (left.Count > 0)
        {
            log.Index.Leave(left);
        }

        log.TrimBefore(Math.Max(newest.First, wanted + 1));
        return log;
    }
}

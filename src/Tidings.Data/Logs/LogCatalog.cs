using System.Collections.Concurrent;
using Tidings.Brokers;
using Tidings.Data.Files;
using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <summary>What the segments of a directory say together.</summary>
internal sealed class LogCatalog
{
    // At a start the whole machine waits for it.
    private static readonly ParallelOptions Parallelism = new() { MaxDegreeOfParallelism = Math.Clamp(Environment.ProcessorCount, 1, 8) };

    private LogCatalog(IReadOnlyList<SegmentContents> segments, IReadOnlyList<string> damage, IReadOnlyList<string> unreadable)
    {
        (Segments, Damage, Unreadable) = (segments, damage, unreadable);
        Newest = segments.Count == 0 ? 0 : segments.Max(static segment => segment.Newest);
    }

    public IReadOnlyList<SegmentContents> Segments { get; }

    /// <summary>What is not as it was written, in words; empty where all is whole.</summary>
    public IReadOnlyList<string> Damage { get; }

    /// <summary>Files that are called segments and are none.</summary>
    public IReadOnlyList<string> Unreadable { get; }

    /// <summary>The newest time that something was kept at.</summary>
    public long Newest { get; }

    /// <summary>Reads all segments.</summary>
    /// <param name="layout">The directory.</param>
    /// <param name="closed">The last segment and its length, as whoever closed the directory left them; 0 where nobody did.</param>
    /// <param name="writable">Whether they are opened to be written, too.</param>
    /// <exception cref="DataDirectoryException">A newer version wrote one.</exception>
    public static LogCatalog Read(DataLayout layout, (long Segment, long Length) closed, bool writable)
    {
        var numbers = layout.Segments();
        var contents = new SegmentContents?[numbers.Count];
        var damage = new ConcurrentBag<string>();
        try
        {
            Parallel.For(0, numbers.Count, Parallelism, i =>
            {
                if (Segment.Open(layout, numbers[i], writable) is not { } segment)
                {
                    damage.Add($"{layout.Segment(numbers[i])} does not begin as a segment");
                    return;
                }

                var read = contents[i] = SegmentContents.Read(segment);
                if (read.Ending == SegmentEnding.Damaged || (read.Ending == SegmentEnding.Torn && i < numbers.Count - 1))
                {
                    damage.Add($"{segment.Path} is whole up to byte {segment.End}, and what follows is not what was written");
                }
            });
        }
        catch (AggregateException error) when (error.InnerExceptions.FirstOrDefault(static inner => inner is DataDirectoryException) is { } known)
        {
            throw new DataDirectoryException(known.Message, known);
        }

        if (closed.Segment > 0 && (numbers.Count == 0 || numbers[^1] != closed.Segment || contents[^1]?.Segment.FileLength != closed.Length))
        {
            damage.Add($"the newest segment of {layout.Logs} is not the one that was closed");
        }

        return new LogCatalog(
            [.. contents.OfType<SegmentContents>()],
            [.. damage.Order(StringComparer.Ordinal)],
            [.. numbers.Where((_, i) => contents[i] is null).Select(layout.Segment)]);
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
            foreach (var key in keys[name])
            {
                if (key.Birth == birth)
                {
                    log.Recent.RestoreKey(key.Key, key.Offset, now, TimeSpan.FromMilliseconds(key.Until - now), key.Sender);
                }
            }

            foreach (var one in erased[name].Where(one => one.Birth == birth && one.Offset > 0))
            {
                log.NoteErased(one.Offset);
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
                        && (offset == 0 || (part.Birth == birth && part.Runs.Exists(run => run.First <= offset && offset <= run.Last))))
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
        log.TrimBefore(Math.Max(newest.First, wanted + 1));
        return log;
    }
}

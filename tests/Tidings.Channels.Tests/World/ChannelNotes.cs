using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Channels.Tests.World;

/// <summary>One channel's journal, beside what the broker delivered in it. Safe from any thread.</summary>
internal sealed class ChannelNotes(ChannelJournal journal, RunNotes run)
{
    private readonly Lock _gate = new();
    private readonly List<LogEntry> _log = [];

    public string Channel => journal.Channel;

    /// <summary>What the broker said, as the first witness behind it saw it.</summary>
    public IReadOnlyList<LogEntry> Log => _log;

    public void Report(Anomaly anomaly, string what) => run.Report(anomaly, what, Channel);

    public SubscriptionJournal Open(SubscriptionTerms terms) => journal.Open(terms);

    /// <summary>The broker delivers. Called in the order of the log.</summary>
    public void Appended(LogEntry entry)
    {
        lock (_gate)
        {
            _log.Add(entry);
        }

        Saw(entry.Position, entry.Name, "the log");
    }

    public void Saw(StreamPosition position, string? name, string who) => journal.Read(who, position, name);

    /// <summary>Where a message stands, last; null where it is in no log.</summary>
    public StreamPosition? Find(string name)
    {
        lock (_gate)
        {
            return _log.FindLast(entry => entry.Name == name)?.Position;
        }
    }

    /// <summary>Whether two of these were said within the window of idempotency.</summary>
    public bool AreClose(IReadOnlyList<StreamPosition> positions)
    {
        var times = _log.Where(entry => positions.Contains(entry.Position)).Select(static entry => entry.Time).Order().ToList();
        return times.Zip(times.Skip(1)).Any(static pair => pair.Second - pair.First < Brokers.Retention.IdempotencyWindow.TotalMilliseconds);
    }

    /// <summary>The log is as it is now; those who asked for the newest of each key have it.</summary>
    public void Close()
    {
        if (_log.Count > 0)
        {
            var top = _log[^1].Position;
            var last = _log.Where(entry => entry.Position.Epoch == top.Epoch).Select(ValueOf).ToList();
            journal.Final = new FinalLog(top, last) { Earlier = _log.Where(entry => entry.Position.Epoch != top.Epoch).Select(ValueOf).ToHashSet() };
        }

        foreach (var subscription in journal.Subscriptions.Where(static subscription => subscription is { Terms.Conflates: true, Ended: false }))
        {
            if (!HasNewestOfEachKey(subscription))
            {
                Report(Anomaly.Stuck, $"{subscription.Terms.Owner} lacks the newest of a key");
            }
        }
    }

    private int ValueOf(LogEntry entry) => entry.Name is null ? RunJournal.Corrupt : run.Journal.ValueOf(entry.Name);

    private bool HasNewestOfEachKey(SubscriptionJournal subscription) =>
        _log.Where(entry => entry.Position.Epoch == subscription.Start.Epoch && entry.Position.Offset > subscription.Start.Offset)
            .Where(static entry => entry.Key is not null)
            .GroupBy(static entry => entry.Key!)
            .All(group => subscription.Newest.GetValueOrDefault(group.Key) == group.Last().Position.Offset);
}

/// <summary>One entry of the log.</summary>
internal sealed record LogEntry(StreamPosition Position, string? Name, string? Key, long Time);

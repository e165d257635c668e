using Tidings.Protocol;

namespace Tidings.Channels.Tests.Ledger;

/// <summary>All that anybody saw of one channel. Safe from any thread.</summary>
internal sealed class ChannelLedger(string channel, Action<Finding> report)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<StreamPosition, string> _seen = [];
    private readonly Dictionary<string, Attempt> _attempts = [];
    private readonly List<LogEntry> _log = [];
    private readonly List<SubscriptionJournal> _journals = [];

    public string Channel => channel;

    public IReadOnlyList<SubscriptionJournal> Journals => _journals;

    /// <summary>What the broker said, as the first witness behind it saw it.</summary>
    public IReadOnlyList<LogEntry> Log => _log;

    public StreamPosition? Top
    {
        get
        {
            lock (_gate)
            {
                return _log.Count == 0 ? null : _log[^1].Position;
            }
        }
    }

    public void Report(Anomaly anomaly, string what) => report(new Finding(anomaly, what));

    public void Began(Attempt attempt)
    {
        lock (_gate)
        {
            _attempts.TryAdd(attempt.Name, attempt);
        }
    }

    public SubscriptionJournal Open(SubscriptionTerms terms)
    {
        var journal = new SubscriptionJournal(terms, this);
        lock (_gate)
        {
            _journals.Add(journal);
        }

        return journal;
    }

    /// <summary>The broker delivers. Called in the order of the log.</summary>
    public void Appended(LogEntry entry)
    {
        lock (_gate)
        {
            _log.Add(entry);
        }

        Saw(entry.Position, entry.Name, "the log");
    }

    public void Saw(StreamPosition position, string? name, string who)
    {
        if (!Check(name, who))
        {
            return;
        }

        lock (_gate)
        {
            if (_seen.TryAdd(position, name!) || _seen[position] == name)
            {
                return;
            }

            Report(Anomaly.Fork, $"{who} saw {name} at {position} in {channel}, where others saw {_seen[position]}");
        }
    }

    public void SawEphemeral(string? name, string who) => Check(name, who);

    /// <summary>Where a message stands, last; null where it is in no log.</summary>
    public StreamPosition? Find(string name)
    {
        lock (_gate)
        {
            return _log.FindLast(entry => entry.Name == name)?.Position;
        }
    }

    /// <summary>Whether there are several, and two of them were said within the window of idempotency.</summary>
    public bool AreClose(IReadOnlyList<StreamPosition> positions)
    {
        lock (_gate)
        {
            var times = _log.Where(entry => positions.Contains(entry.Position)).Select(entry => entry.Time).Order().ToList();
            return times.Zip(times.Skip(1)).Any(pair => pair.Second - pair.First < Brokers.Retention.IdempotencyWindow.TotalMilliseconds);
        }
    }

    public bool IsSame(StreamPosition position, string? name)
    {
        lock (_gate)
        {
            return _seen.TryGetValue(position, out var seen) && seen == name;
        }
    }

    /// <summary>Whether a conflating subscription has, for each key, the newest message since its start.</summary>
    public bool HasNewestOfEachKey(SubscriptionJournal journal)
    {
        lock (_gate)
        {
            return _log.Where(entry => entry.Position.Epoch == journal.Start.Epoch && entry.Position.Offset > journal.Start.Offset)
                .Where(entry => entry.Key is not null)
                .GroupBy(entry => entry.Key!)
                .All(group => journal.Newest.GetValueOrDefault(group.Key) == group.Last().Position.Offset);
        }
    }

    /// <summary>All is quiet: what was accepted is in the log, once, and in an order that agrees with what the publishers saw.</summary>
    public void CheckEnd()
    {
        foreach (var journal in _journals)
        {
            journal.CheckEnd();
        }

        var position = _log.GroupBy(entry => entry.Name).ToDictionary(group => group.Key, group => group.Select(entry => entry.Position).ToList());
        foreach (var (name, positions) in position)
        {
            var attempt = _attempts.GetValueOrDefault(name);
            if (positions.GroupBy(at => at.Epoch).Any(epoch => AreClose([.. epoch])))
            {
                Report(attempt?.Key is null ? Anomaly.Duplicate : Anomaly.Idempotency, $"{name} stands in {channel} at {string.Join(", ", positions)}");
            }
        }

        foreach (var attempt in _attempts.Values.Where(attempt => attempt is { Outcome: Outcome.Accepted, Ephemeral: false }))
        {
            if (attempt.Position is not { } at || !position.TryGetValue(attempt.Name, out var places) || !places.Contains(at))
            {
                Report(Anomaly.Durability, $"{attempt.Name} was accepted at {attempt.Position}, and is not there");
            }
        }

        CheckRealTime();
    }

    // What was answered before something else began stands before it.
    private void CheckRealTime()
    {
        foreach (var epoch in _attempts.Values.Where(attempt => attempt.Position is not null).GroupBy(attempt => attempt.Position!.Value.Epoch))
        {
            var latestBegin = long.MinValue;
            foreach (var attempt in epoch.OrderBy(attempt => attempt.Position!.Value.Offset))
            {
                if (attempt.Done < latestBegin)
                {
                    Report(Anomaly.Order, $"{attempt.Name} was accepted before one began that stands before it");
                }

                latestBegin = Math.Max(latestBegin, attempt.Invoked);
            }
        }
    }

    private bool Check(string? name, string who)
    {
        if (name is null)
        {
            Report(Anomaly.Corrupt, $"{who} in {channel}: a payload is not what was said");
            return false;
        }

        lock (_gate)
        {
            if (!_attempts.TryGetValue(name, out var attempt) || attempt.Outcome == Outcome.Refused)
            {
                Report(Anomaly.Phantom, $"{who} in {channel}: nobody said {name}");
                return false;
            }
        }

        return true;
    }
}

/// <summary>One entry of the log.</summary>
internal sealed record LogEntry(StreamPosition Position, string Name, string? Key, long Time);

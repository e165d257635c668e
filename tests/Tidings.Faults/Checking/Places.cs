using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.Checking;

/// <summary>Which value stands where in one channel, by all witnesses: A1, A3, A5, A6 and A8.</summary>
internal sealed class Places(RunJournal journal, ChannelJournal channel, LedgerReport report)
{
    private readonly Dictionary<StreamPosition, int> _answered = [];
    private readonly Dictionary<StreamPosition, HashSet<int>> _others = [];
    private readonly HashSet<int> _inPassing = [];
    private readonly Dictionary<int, Attempt> _attempts = ByValue(channel);

    /// <summary>Somebody saw this value there.</summary>
    public void Saw(StreamPosition position, int value, string who)
    {
        if (value == RunJournal.Corrupt)
        {
            report.Add(new Finding(Anomaly.Corrupt, channel.Channel, who, $"a byte was changed at {position}"));
            return;
        }

        var first = At(position);
        if (first == RunJournal.Nothing)
        {
            _answered[position] = value;
        }
        else if (first != value && Others(position).Add(value))
        {
            report.Add(new Finding(Anomaly.Fork, channel.Channel, who, $"{journal.NameOf(value)} at {position}, where others saw {journal.NameOf(first)}"));
        }
    }

    /// <summary>Somebody was told this in passing.</summary>
    public void SawInPassing(int value, string who)
    {
        if (value == RunJournal.Corrupt)
        {
            report.Add(new Finding(Anomaly.Corrupt, channel.Channel, who, "a byte was changed"));
        }
        else
        {
            _inPassing.Add(value);
        }
    }

    public void Check(Expectations expectations)
    {
        CheckReads();
        foreach (var (value, positions) in Sightings())
        {
            CheckValue(value, positions, expectations);
        }

        foreach (var value in _inPassing)
        {
            CheckSaid(value);
        }

        foreach (var answers in _attempts.Values.GroupBy(static attempt => attempt.Key ?? attempt.Name, StringComparer.Ordinal))
        {
            foreach (var epoch in answers.SelectMany(static attempt => attempt.Answers).GroupBy(static at => at.Epoch).Select(static at => at.Distinct().ToList()))
            {
                if (epoch.Count > 1 && expectations.AreClose(channel.Channel, epoch))
                {
                    report.Add(new Finding(Anomaly.Idempotency, channel.Channel, "a publisher", $"{answers.Key} was answered {string.Join(" and ", epoch)}"));
                }
            }
        }
    }

    private static Dictionary<int, Attempt> ByValue(ChannelJournal channel)
    {
        var attempts = new Dictionary<int, Attempt>();
        foreach (var attempt in channel.Attempts)
        {
            // Of several that say the same, one that was not refused counts.
            if (!attempts.TryGetValue(attempt.Value, out var other) || other.Outcome == Outcome.Refused)
            {
                attempts[attempt.Value] = attempt;
            }
        }

        return attempts;
    }

    private void CheckReads()
    {
        foreach (var read in channel.Reads)
        {
            Saw(read.Position, read.Value, read.Who);
        }

        if (channel.Final is { } final)
        {
            for (var offset = final.First; offset <= final.Top.Offset; offset++)
            {
                Saw(final.Top with { Offset = offset }, final.At(offset), "the log");
            }
        }
    }

    private void CheckValue(int value, List<StreamPosition> positions, Expectations expectations)
    {
        CheckSaid(value);
        foreach (var epoch in positions.GroupBy(static at => at.Epoch).Select(static at => at.ToList()))
        {
            if (epoch.Count > 1 && expectations.AreClose(channel.Channel, epoch))
            {
                var kind = _attempts.GetValueOrDefault(value)?.Key is null ? Anomaly.Duplicate : Anomaly.Idempotency;
                report.Add(new Finding(kind, channel.Channel, "the log", $"{journal.NameOf(value)} stands at {string.Join(" and ", epoch)}"));
            }
        }
    }

    private void CheckSaid(int value)
    {
        if (!_attempts.TryGetValue(value, out var attempt) || attempt.Outcome == Outcome.Refused)
        {
            report.Add(new Finding(Anomaly.Phantom, channel.Channel, "the log", $"nobody said {journal.NameOf(value)}"));
        }
    }

    private Dictionary<int, List<StreamPosition>> Sightings()
    {
        var sightings = new Dictionary<int, List<StreamPosition>>();
        foreach (var (epoch, log) in channel.Seen)
        {
            for (var offset = 1; offset <= log.Values.Count; offset++)
            {
                Note(log.Values[offset - 1], new StreamPosition(epoch, offset));
            }
        }

        foreach (var (position, value) in _answered)
        {
            Note(value, position);
        }

        foreach (var (position, values) in _others)
        {
            foreach (var value in values)
            {
                Note(value, position);
            }
        }

        return sightings;

        void Note(int value, StreamPosition position)
        {
            if (value == RunJournal.Nothing)
            {
                return;
            }

            if (!sightings.TryGetValue(value, out var positions))
            {
                sightings.Add(value, positions = new List<StreamPosition>(1));
            }

            positions.Add(position);
        }
    }

    private int At(StreamPosition position)
    {
        var seen = channel.Seen.TryGetValue(position.Epoch, out var log) ? log.At(position.Offset) : RunJournal.Nothing;
        return seen != RunJournal.Nothing ? seen : _answered.GetValueOrDefault(position);
    }

    private HashSet<int> Others(StreamPosition position)
    {
        if (!_others.TryGetValue(position, out var values))
        {
            _others.Add(position, values = []);
        }

        return values;
    }
}

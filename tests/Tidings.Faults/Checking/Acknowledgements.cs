using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.Checking;

/// <summary>What publishers were told in one channel, against the order in which they spoke and the log in the end: A4 and A10.</summary>
internal sealed class Acknowledgements
{
    private readonly RunJournal _journal;
    private readonly ChannelJournal _channel;
    private readonly Expectations _expectations;
    private readonly LedgerReport _report;
    private readonly Dictionary<string, Epoch> _epochs = new(StringComparer.Ordinal);

    public Acknowledgements(RunJournal journal, ChannelJournal channel, Places places, Expectations expectations, LedgerReport report)
    {
        (_journal, _channel, _expectations, _report) = (journal, channel, expectations, report);
        foreach (var attempt in channel.Attempts.Where(static attempt => attempt.Outcome == Outcome.Accepted))
        {
            report.Accepted++;
            foreach (var answer in attempt.Answers)
            {
                places.Saw(answer, attempt.Value, "a publisher");
            }
        }

        // A value that was sent several times was begun when it was sent first, whoever got the answer.
        var begun = new Dictionary<int, long>();
        foreach (var attempt in channel.Attempts)
        {
            begun[attempt.Value] = Math.Min(attempt.Invoked, begun.GetValueOrDefault(attempt.Value, long.MaxValue));
        }

        var entries = Answered().GroupBy(static attempt => (attempt.Value, attempt.Answers[0].Epoch))
            .Select(same => new Entry(same.Key.Value, same.First().Answers[0], begun[same.Key.Value], same.Min(static attempt => attempt.Done)));
        foreach (var epoch in entries.GroupBy(static entry => entry.Position.Epoch))
        {
            _epochs.Add(epoch.Key, new Epoch([.. epoch.OrderBy(static entry => entry.Position.Offset).ThenByDescending(static entry => entry.Invoked)]));
        }
    }

    /// <summary>How many values up to an offset were begun after a time: whoever had begun to listen by then has missed them.</summary>
    public int BegunSince(long time, string epoch, long upTo) => _epochs.TryGetValue(epoch, out var answers) ? answers.BegunSince(time, upTo) : 0;

    public void Check()
    {
        foreach (var epoch in _epochs.Values)
        {
            CheckOrder(epoch);
        }

        if (_channel.Final is not { } final)
        {
            return;
        }

        var kept = new HashSet<int>(final.Values);
        foreach (var attempt in Answered().Where(attempt => !Survived(attempt, final, kept)))
        {
            _report.Add(new Finding(Anomaly.Durability, _channel.Channel, "the log",
                $"{attempt.Name} was accepted{(attempt.Publish.Durable ? " as durable" : "")} at {attempt.Answers[0]}, and is not there"));
        }
    }

    private bool Survived(Attempt attempt, FinalLog final, HashSet<int> kept)
    {
        var at = attempt.Answers[0];
        if (at.Epoch == final.Top.Epoch)
        {
            return at.Offset < final.First || final.At(at.Offset) == attempt.Value;
        }

        return !attempt.Publish.Durable || !_expectations.DurableSurvives || kept.Contains(attempt.Value) || final.Earlier.Contains(attempt.Value);
    }

    // What was answered before something else began stands before it.
    private void CheckOrder(Epoch epoch)
    {
        var latest = long.MinValue;
        var latestValue = RunJournal.Nothing;
        foreach (var entry in epoch.Entries)
        {
            if (entry.Done < latest)
            {
                _report.Add(new Finding(Anomaly.Order, _channel.Channel, "the log",
                    $"{_journal.NameOf(entry.Value)} was accepted before {_journal.NameOf(latestValue)} began, which stands before it"));
            }

            if (entry.Invoked > latest)
            {
                (latest, latestValue) = (entry.Invoked, entry.Value);
            }
        }
    }

    private IEnumerable<Attempt> Answered() => _channel.Attempts.Where(static attempt => attempt.Answers.Count > 0);

    private sealed record Entry(int Value, StreamPosition Position, long Invoked, long Done);

    /// <summary>In the order of their offsets.</summary>
    private sealed class Epoch(IReadOnlyList<Entry> entries)
    {
        // The latest beginning of all up to each.
        private readonly long[] _latest = Latest(entries);

        public IReadOnlyList<Entry> Entries => entries;

        public int BegunSince(long time, long upTo)
        {
            var (low, high) = (0, entries.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = entries[middle].Position.Offset <= upTo ? (middle + 1, high) : (low, middle);
            }

            var count = 0;
            for (var i = low - 1; i >= 0 && _latest[i] > time; i--)
            {
                count += entries[i].Invoked > time ? 1 : 0;
            }

            return count;
        }

        private static long[] Latest(IReadOnlyList<Entry> entries)
        {
            var latest = new long[entries.Count];
            var most = long.MinValue;
            for (var i = 0; i < latest.Length; i++)
            {
                latest[i] = most = Math.Max(most, entries[i].Invoked);
            }

            return latest;
        }
    }
}

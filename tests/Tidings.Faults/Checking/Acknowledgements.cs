using Tidings.Faults.Journals;

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

        foreach (var epoch in Answered().GroupBy(static attempt => attempt.Answers[0].Epoch))
        {
            _epochs.Add(epoch.Key, new Epoch([.. epoch.OrderBy(static attempt => attempt.Answers[0].Offset).ThenByDescending(static attempt => attempt.Invoked)]));
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

        return !attempt.Publish.Durable || !_expectations.DurableSurvives || kept.Contains(attempt.Value);
    }

    // What was answered before something else began stands before it.
    private void CheckOrder(Epoch epoch)
    {
        var latest = long.MinValue;
        var latestName = "";
        foreach (var attempt in epoch.Attempts)
        {
            if (attempt.Done < latest)
            {
                _report.Add(new Finding(Anomaly.Order, _channel.Channel, "the log", $"{attempt.Name} was accepted before {latestName} began, which stands before it"));
            }

            if (attempt.Invoked > latest)
            {
                (latest, latestName) = (attempt.Invoked, _journal.NameOf(attempt.Value));
            }
        }
    }

    private IEnumerable<Attempt> Answered() => _channel.Attempts.Where(static attempt => attempt.Answers.Count > 0);

    private sealed class Epoch(IReadOnlyList<Attempt> attempts)
    {
        // The latest beginning of all up to each.
        private readonly long[] _latest = Latest(attempts);

        /// <summary>In the order of their offsets.</summary>
        public IReadOnlyList<Attempt> Attempts => attempts;

        public int BegunSince(long time, long upTo)
        {
            var (low, high) = (0, attempts.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = attempts[middle].Answers[0].Offset <= upTo ? (middle + 1, high) : (low, middle);
            }

            if (low == 0 || _latest[low - 1] <= time)
            {
                return 0;
            }

            var count = 0;
            for (var i = low - 1; i >= 0 && _latest[i] > time; i--)
            {
                count += attempts[i].Invoked > time ? 1 : 0;
            }

            return count;
        }

        private static long[] Latest(IReadOnlyList<Attempt> attempts)
        {
            var latest = new long[attempts.Count];
            var most = long.MinValue;
            for (var i = 0; i < latest.Length; i++)
            {
                latest[i] = most = Math.Max(most, attempts[i].Invoked);
            }

            return latest;
        }
    }
}

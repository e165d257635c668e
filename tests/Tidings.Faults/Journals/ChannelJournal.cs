using Tidings.Protocol;

namespace Tidings.Faults.Journals;

/// <summary>All that anybody said and saw in one channel. Safe from any thread.</summary>
internal sealed class ChannelJournal(string channel, RunJournal run)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, EpochLog> _seen = new(StringComparer.Ordinal);
    private readonly List<Attempt> _attempts = [];
    private readonly List<SubscriptionJournal> _subscriptions = [];
    private readonly List<LogRead> _reads = [];

    public string Channel => channel;

    public IReadOnlyList<Attempt> Attempts => _attempts;
    public IReadOnlyList<SubscriptionJournal> Subscriptions => _subscriptions;

    /// <summary>What third witnesses saw that was not seen first by somebody else: history, the store itself.</summary>
    public IReadOnlyList<LogRead> Reads => _reads;

    /// <summary>The values by epoch, as they were seen first.</summary>
    public IReadOnlyDictionary<string, EpochLog> Seen => _seen;

    /// <summary>The whole log at the end of the run; null where nobody read it.</summary>
    public FinalLog? Final { get; set; }

    public long Now() => run.Now();

    public void Began(Attempt attempt)
    {
        lock (_gate)
        {
            _attempts.Add(attempt);
        }
    }

    public SubscriptionJournal Open(SubscriptionTerms terms)
    {
        var journal = new SubscriptionJournal(terms, this);
        lock (_gate)
        {
            _subscriptions.Add(journal);
        }

        return journal;
    }

    /// <summary>How many values were accepted at offsets behind this one, of the same epoch.</summary>
    public int AcceptedBehind(StreamPosition top)
    {
        lock (_gate)
        {
            return _attempts.Count(attempt => attempt is { Outcome: Outcome.Accepted, Answers: [var at, ..] } && at.Epoch == top.Epoch && at.Offset > top.Offset);
        }
    }

    /// <summary>A witness besides publishers and subscribers read this.</summary>
    public void Read(string who, StreamPosition position, string? name)
    {
        var (value, agrees) = Sees(position.Epoch, position.Offset, name);
        if (!agrees)
        {
            lock (_gate)
            {
                _reads.Add(new LogRead(who, position, value));
            }
        }
    }

    /// <summary>The value's number, and whether it is the one that was seen first at this place.</summary>
    public (int Value, bool Agrees) Sees(string? epoch, long offset, string? name)
    {
        var value = name is null ? RunJournal.Corrupt : run.ValueOf(name);
        if (epoch is null)
        {
            return (value, false);
        }

        lock (_gate)
        {
            if (!_seen.TryGetValue(epoch, out var log))
            {
                _seen.Add(epoch, log = new EpochLog());
            }

            return (value, log.Agrees(offset, value));
        }
    }
}

/// <summary>One entry of a log that is not what others saw there.</summary>
internal sealed record LogRead(string Who, StreamPosition Position, int Value);

/// <summary>What the log held when all was over, in order and without holes.</summary>
/// <param name="Top">The position of the newest entry.</param>
/// <param name="Values">The values of the newest entries, the last of them at <see cref="Top"/>.</param>
internal sealed record FinalLog(StreamPosition Top, IReadOnlyList<int> Values)
{
    /// <summary>What earlier epochs held, where a witness kept it.</summary>
    public IReadOnlySet<int> Earlier { get; init; } = new HashSet<int>();

    /// <summary>The first offset that is still there.</summary>
    public long First => Top.Offset - Values.Count + 1;

    public int At(long offset) => offset >= First && offset <= Top.Offset ? Values[(int)(offset - First)] : RunJournal.Nothing;
}

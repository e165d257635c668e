using Tidings.Protocol;

namespace Tidings.Faults.Journals;

/// <summary>What one subscription saw through all its connections, run-length coded. For one reader at a time.</summary>
internal sealed class SubscriptionJournal(SubscriptionTerms terms, ChannelJournal channel)
{
    private readonly List<JournalEntry> _entries = [];
    private readonly Dictionary<string, long> _newest = [];

    public SubscriptionTerms Terms => terms;

    public IReadOnlyList<JournalEntry> Entries => _entries;

    /// <summary>How far it has come; null until it is answered.</summary>
    public StreamPosition? Cursor { get; private set; }

    /// <summary>Where it began, or was last told to begin anew.</summary>
    public StreamPosition Start { get; private set; }

    /// <summary>The newest offset that came for each key since <see cref="Start"/>.</summary>
    public IReadOnlyDictionary<string, long> Newest => _newest;

    /// <summary>Whether it is not to come back.</summary>
    public bool Ended { get; private set; }

    /// <summary>Messages that came.</summary>
    public long Deliveries { get; private set; }

    public void Subscribed(StreamPosition position, StreamPosition? asked, bool? recovered)
    {
        _entries.Add(new SubscribedEntry(channel.Now(), position, asked, recovered));
        Cursor = position;
        if (recovered != true)
        {
            Begin(position);
        }
    }

    /// <summary>A message with its offset (0: said in passing) and its value's name; null where a byte was changed.</summary>
    public void Message(long offset, string? name, string? key = null)
    {
        var (value, agrees) = channel.Sees(Cursor?.Epoch, offset, name);
        Deliveries++;
        if (offset > 0 && agrees && _entries is [.., RunEntry run] && run.Last + 1 == offset)
        {
            run.Extend(channel.Now());
        }
        else
        {
            _entries.Add(offset > 0 && agrees ? new RunEntry(channel.Now(), offset) : new OddEntry(channel.Now(), offset, value));
        }

        if (Cursor is { } cursor && offset > cursor.Offset)
        {
            Cursor = cursor with { Offset = offset };
        }

        if (key is not null && offset > 0)
        {
            _newest[key] = offset;
        }
    }

    public void Gap(StreamPosition position, long from, long to, string reason)
    {
        _entries.Add(new GapEntry(channel.Now(), position, from, to, reason));
        Cursor = position;
        Begin(position);
    }

    /// <summary>The connection is gone; the subscription goes on with the next one.</summary>
    public void Closed(int code) => _entries.Add(new ClosedEntry(channel.Now(), code, forGood: false));

    /// <summary>Nothing counts any more.</summary>
    public void End()
    {
        if (!Ended)
        {
            Ended = true;
            _entries.Add(new ClosedEntry(channel.Now(), 1000, forGood: true));
        }
    }

    private void Begin(StreamPosition position)
    {
        Start = position;
        _newest.Clear();
    }
}

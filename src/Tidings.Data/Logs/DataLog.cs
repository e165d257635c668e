using Tidings.Brokers;
using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <summary>One channel's log: its newest messages in memory, all of them in segments. Its members are called under its lock, which is <see cref="Recent"/>.</summary>
internal sealed class DataLog(string channel, HistoryBudget budget)
{
    // Null for nearly all.
    private HashSet<long>? _erased;

    public string Channel => channel;

    /// <summary>Offsets, idempotency keys and the newest messages. Changed only under the log's lock.</summary>
    public MemoryLog Recent { get; } = new(channel, budget);

    /// <summary>Where its messages are.</summary>
    public LogIndex Index { get; } = new();

    /// <summary>Where the entries of the channel's state are; null until it has one.</summary>
    public StateIndex? State { get; set; }

    /// <summary>Which of the logs that its name had.</summary>
    public ulong Birth { get; set; }

    /// <summary>The oldest offset that is kept; one more than the newest where none is.</summary>
    public long First { get; private set; } = 1;

    /// <summary>The segment that says how far the log has come.</summary>
    public Segment? Home { get; set; }

    /// <summary>The newest message that is not to go before its time, as it was durable or the server's own.</summary>
    public long Lasting { get; set; }

    public long Top => Recent.Top;

    /// <summary>Whether any message was erased that files may still have.</summary>
    public bool HasErased => _erased is { Count: > 0 };

    /// <summary>Whether a message was erased, whatever is found of it in files.</summary>
    public bool IsErased(long offset) => _erased?.Contains(offset) == true;

    public void NoteErased(long offset) => (_erased ??= []).Add(offset);

    /// <summary>Whether nothing is kept that a later call could ask for.</summary>
    public bool IsEmpty => Recent.IsEmpty && First > Top;

    /// <summary>What the oldest offset will be once <paramref name="offset"/> is the newest.</summary>
    public long FirstWith(long offset, Retention retention) => Math.Max(First, offset - retention.Size + 1);

    /// <summary>Forgets what is before an offset.</summary>
    public void TrimBefore(long first)
    {
        if (first > First)
        {
            First = first;
            Index.TrimBefore(first);
            _erased?.RemoveWhere(offset => offset < first);
        }
    }

    /// <summary>Forgets what is too old, as far as that shows without reading.</summary>
    public void TrimByAge(long now)
    {
        var oldest = Oldest(now);
        foreach (var extent in Index.Extents)
        {
            if (extent.Kept > oldest)
            {
                TrimBefore(extent.First);
                return;
            }
        }

        TrimBefore(Top + 1);
    }

    /// <summary>What was kept until then is too old.</summary>
    public long Oldest(long now) => now - (long)Recent.Retention.Age.TotalMilliseconds;
}

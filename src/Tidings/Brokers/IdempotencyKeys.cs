namespace Tidings.Brokers;

/// <summary>The idempotency keys that one log remembers, each until its time has passed. Under the log's lock.</summary>
/// <param name="forgotten">Called with the share of a key whose time has passed.</param>
internal sealed class IdempotencyKeys(Action<HistoryShare> forgotten)
{
    /// <summary>How many one sender may have remembered in one channel.</summary>
    public const int MostOfSender = 100_000;

    // What one takes beside its characters: its place in the dictionary and in line, the string.
    private const int Overhead = 128;

    private readonly Dictionary<string, (long Offset, long Until)> _usual = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, HistoryShare Share)> _order = new();

    // Those that are remembered for longer than usual, until they are released. In no order: there are few at a time.
    private Dictionary<string, (long Offset, long Until, HistoryShare Share)>? _held;

    public bool IsEmpty => _usual.Count == 0 && _held is not { Count: > 0 };

    public static long CostOf(string key) => Overhead + (2 * key.Length);

    /// <summary>The offset that the key had before, or null.</summary>
    public long? Find(string key, long now) =>
        _usual.TryGetValue(key, out var usual) && usual.Until > now ? usual.Offset
        : _held is not null && _held.TryGetValue(key, out var held) && held.Until > now ? held.Offset
        : null;

    public void Add(string key, long offset, long now, TimeSpan window, HistoryShare share)
    {
        var until = now + (long)window.TotalMilliseconds;
        if (window > Retention.IdempotencyWindow)
        {
            Release(key);
            (_held ??= new(StringComparer.Ordinal)).Add(key, (offset, until, share));
        }
        else
        {
            _usual.Add(key, (offset, until));
            _order.Enqueue((key, share));
        }

        share.AddKey(1, CostOf(key));
    }

    /// <summary>Forgets a key that was to be remembered for longer than usual.</summary>
    /// <returns>Whose it was, or null.</returns>
    public HistoryShare? Release(string key)
    {
        if (_held is null || !_held.Remove(key, out var held))
        {
            return null;
        }

        held.Share.AddKey(-1, -CostOf(key));
        return held.Share;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        while (_order.TryDequeue(out var key))
        {
            key.Share.AddKey(-1, -CostOf(key.Key));
            forgotten(key.Share);
        }

        _usual.Clear();
        foreach (var key in _held?.Keys.ToArray() ?? [])
        {
            forgotten(Release(key)!);
        }
    }

    /// <summary>Forgets those whose time has passed.</summary>
    public void Trim(long now)
    {
        while (_order.TryPeek(out var oldest) && _usual[oldest.Key].Until <= now)
        {
            _order.Dequeue();
            _usual.Remove(oldest.Key);
            oldest.Share.AddKey(-1, -CostOf(oldest.Key));
            forgotten(oldest.Share);
        }

        if (_usual.Count == 0)
        {
            _usual.TrimExcess();
            _order.TrimExcess();
        }
    }

    /// <summary>The same for those that were to be remembered for longer than usual: it looks at each.</summary>
    public void TrimHeld(long now)
    {
        foreach (var (key, held) in _held ?? [])
        {
            if (held.Until <= now)
            {
                Release(key);
                forgotten(held.Share);
            }
        }
    }
}

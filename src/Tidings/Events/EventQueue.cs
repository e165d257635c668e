namespace Tidings.Events;

/// <summary>What waits for one receiver, in memory. Places are taken out wherever they are; the oldest are dropped where there are too many. Not safe for several threads.</summary>
internal sealed class EventQueue(long mostEvents, long mostBytes)
{
    private readonly List<byte[]?> _entries = [];

    // The number of the first entry that is still there.
    private int _head;
    private long _first = 1;

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    public long Trimmed { get; set; }

    public bool IsEnded { get; private set; }

    /// <summary>How often something was erased: what was read before is to be read again.</summary>
    public long Erasures { get; private set; }

    /// <summary>The place of the oldest event; with none, the next place.</summary>
    public long First => _first;

    /// <summary>The place that the next event gets.</summary>
    public long Next => _first + _entries.Count - _head;

    /// <summary>Has places go on from one.</summary>
    public void GoOn(long next) => _first = next;

    /// <summary>Leaves places up to one empty.</summary>
    public void SkipTo(long next)
    {
        if (Count == 0)
        {
            _first = Math.Max(_first, next);
            _head = 0;
            _entries.Clear();
        }

        while (Next < next)
        {
            _entries.Add(null);
        }
    }

    /// <param name="json">The event.</param>
    /// <param name="dropped">Gets the places that had to go for it.</param>
    public void Add(byte[] json, List<long>? dropped = null)
    {
        _entries.Add(json);
        Count++;
        Bytes += json.Length;
        while (Count > 1 && (Count > mostEvents || Bytes > mostBytes))
        {
            dropped?.Add(_first);
            Trimmed++;
            Remove(_first);
        }
    }

    /// <summary>Takes events out.</summary>
    /// <param name="events">Which.</param>
    /// <param name="trimmed">How many more are to be told as dropped; negative for how many were told.</param>
    /// <returns>How many were there.</returns>
    public int Remove(IEnumerable<QueuedEvent> events, long trimmed)
    {
        Trimmed = Math.Max(0, Trimmed + trimmed);
        return events.Count(one => Remove(one.Place.Major));
    }

    /// <summary>Takes out events of messages that were erased.</summary>
    /// <returns>Their places.</returns>
    public IReadOnlyList<long> Erase(ErasedMessages erased)
    {
        List<long> places = [.. After(0).Where(entry => QueuedEvent.Read(new EventPlace(entry.Place), entry.Json) is { } one && erased.Has(one)).Select(static entry => entry.Place)];
        places.ForEach(place => Remove(place));
        Erasures++;
        return places;
    }

    /// <returns>Whether something was there.</returns>
    public bool Remove(long place)
    {
        var index = place - _first + _head;
        if (index < _head || index >= _entries.Count || _entries[(int)index] is not { } json)
        {
            return false;
        }

        _entries[(int)index] = null;
        Count--;
        Bytes -= json.Length;
        while (_head < _entries.Count && _entries[_head] is null)
        {
            _head++;
            _first++;
        }

        // Moved seldom enough to cost each entry one move.
        if (_head > 1024 && _head > _entries.Count / 2)
        {
            _entries.RemoveRange(0, _head);
            _head = 0;
        }

        return true;
    }

    public IEnumerable<(long Place, byte[] Json)> After(long place)
    {
        for (var i = Math.Max(_head, _head + (int)Math.Min(place + 1 - _first, int.MaxValue / 2)); i < _entries.Count; i++)
        {
            if (_entries[i] is { } json)
            {
                yield return (_first + i - _head, json);
            }
        }
    }

    /// <summary>Drops everything, and takes nothing more.</summary>
    public void End()
    {
        _first = Next;
        _head = 0;
        _entries.Clear();
        (Count, Bytes, Trimmed, IsEnded) = (0, 0, 0, true);
    }
}

using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <summary>In which segments the entries of one channel's state are, and the removals that keep older ones from coming back. Under the log's lock.</summary>
/// <remarks>An entry is wanted while it is the newest of its key. A removal is wanted while an older segment may have an entry of its key: records are only ever
/// moved to newer segments, and the oldest segments are written anew first.</remarks>
internal sealed class StateIndex
{
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);

    // By their numbers.
    private readonly SortedList<long, Part> _parts = [];

    public int Keys => _places.Count;

    /// <summary>The segments that may have anything of the state, also of what it no longer has.</summary>
    public IEnumerable<Segment> Segments => _parts.Values.Select(static part => part.Segment);

    /// <summary>Notes a new record.</summary>
    public void Add(string key, StateChange change, long offset, Segment segment)
    {
        Leave(key);
        Put(key, change, offset, segment);
    }

    /// <summary>A record was written once more, after the segment that had it failed.</summary>
    public void Rewrite(string key, StateChange change, long offset, Segment to)
    {
        if (change == StateChange.Removed)
        {
            Put(key, change, offset, to);
        }
        else if (_places.TryGetValue(key, out var place) && place.Offset == offset)
        {
            place.Part.Entries--;
            Put(key, change, offset, to);
        }
    }

    /// <summary>A record that is wanted was moved to another segment.</summary>
    public void Move(string key, StateChange change, long offset, Segment from, Segment to)
    {
        if (change == StateChange.Removed)
        {
            PartOf(from).Removals--;
        }
        else
        {
            PartOf(from).Entries--;
        }

        Put(key, change, offset, to);
    }

    /// <summary>Whether what a record does to the state must not be lost with its segment.</summary>
    public bool IsWanted(string key, StateChange change, long offset, Segment segment) =>
        change == StateChange.Removed
            ? !_places.ContainsKey(key) && HasBefore(segment)
            : _places.TryGetValue(key, out var place) && place.Offset == offset && place.Part.Segment == segment;

    /// <summary>Whether the newest message of a key stands at an offset.</summary>
    public bool Has(string? key, long offset) => key is not null && _places.TryGetValue(key, out var place) && place.Offset == offset;

    /// <summary>Forgets an entry that was erased.</summary>
    public void Erase(string key, long offset)
    {
        if (Has(key, offset))
        {
            Leave(key);
        }
    }

    /// <summary>Begins with what was found in a segment.</summary>
    public void Load(Segment segment, int removals) => PartOf(segment).Removals += removals;

    /// <summary>Forgets segments that were taken away.</summary>
    public void ForgetGone()
    {
        for (var i = _parts.Count - 1; i >= 0; i--)
        {
            if (_parts.GetValueAtIndex(i).Segment.IsGone)
            {
                _parts.RemoveAt(i);
            }
        }
    }

    /// <summary>How many entries and removals of each segment are wanted.</summary>
    public IEnumerable<(Segment Segment, int Entries, int Removals)> Wanted() =>
        _parts.Values.Select((part, index) => (part.Segment, part.Entries, index == 0 ? 0 : part.Removals));

    private void Put(string key, StateChange change, long offset, Segment segment)
    {
        var part = PartOf(segment);
        if (change == StateChange.Removed)
        {
            part.Removals++;
        }
        else
        {
            part.Entries++;
            _places[key] = new Place(offset, part);
        }
    }

    private void Leave(string key)
    {
        if (_places.Remove(key, out var place))
        {
            place.Part.Entries--;
        }
    }

    private bool HasBefore(Segment segment)
    {
        foreach (var part in _parts.Values)
        {
            if (part.Segment.Number >= segment.Number)
            {
                return false;
            }

            if (!part.Segment.IsGone)
            {
                return true;
            }
        }

        return false;
    }

    private Part PartOf(Segment segment)
    {
        if (!_parts.TryGetValue(segment.Number, out var part))
        {
            _parts.Add(segment.Number, part = new Part(segment));
        }

        return part;
    }

    private sealed class Part(Segment segment)
    {
        public Segment Segment => segment;

        public int Entries { get; set; }

        public int Removals { get; set; }
    }

    private readonly record struct Place(long Offset, Part Part);
}

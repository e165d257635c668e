using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <summary>A run of one log's messages in one segment, each of which says where the one before it is.</summary>
internal sealed class Extent(Segment segment, long offset, int position, long kept)
{
    // A place is noted for each so many messages, so that reading begins near to what is wanted.
    private const int MarkEvery = 64;

    private List<int>? _marks;

    public Segment Segment => segment;

    public long First { get; set; } = offset;

    public long Last { get; set; } = offset;

    /// <summary>A message whose place is known, not before <see cref="Last"/>.</summary>
    public long Anchor { get; private set; } = offset;

    public int AnchorPosition { get; private set; } = position;

    /// <summary>When the newest was kept.</summary>
    public long Kept { get; private set; } = kept;

    // The first offset that is marked; -1 where none is.
    private long FirstMark { get; set; } = -1;

    public long Count => Last - First + 1;

    /// <summary>Whether the next message can be part of it.</summary>
    public bool Precedes(Segment other, long offset) => other == segment && Last == offset - 1 && Anchor == Last;

    public void Extend(long offset, int position, long kept)
    {
        if (Anchor % MarkEvery == 0)
        {
            FirstMark = _marks is null ? Anchor : FirstMark;
            (_marks ??= []).Add(AnchorPosition);
        }

        (Last, Anchor, AnchorPosition, Kept) = (offset, offset, position, Math.Max(Kept, kept));
    }

    /// <summary>The same run up to an offset in its midst.</summary>
    public Extent UpTo(long last) => new(segment, First, AnchorPosition, Kept) { Last = last, Anchor = Anchor, _marks = _marks is null ? null : [.. _marks], FirstMark = FirstMark };

    /// <summary>A message of a known place that is not before <paramref name="offset"/>, and close to it.</summary>
    public (long Offset, int Position) Near(long offset)
    {
        if (_marks is not null)
        {
            var mark = (offset + MarkEvery - 1) / MarkEvery * MarkEvery;
            var index = (mark - FirstMark) / MarkEvery;
            if (index >= 0 && index < _marks.Count)
            {
                return (mark, _marks[(int)index]);
            }
        }

        return (Anchor, AnchorPosition);
    }
}

/// <summary>A part of a log in one segment.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="First">The first offset that is wanted.</param>
/// <param name="Last">The last.</param>
/// <param name="Near">A message of a known place, not before the last.</param>
/// <param name="Position">Its place.</param>
internal readonly record struct LogPiece(Segment Segment, long First, long Last, long Near, int Position);

/// <summary>Where the messages of one log are. It takes room for the segments that it is in, not for the messages. Under the log's lock.</summary>
internal sealed class LogIndex
{
    // In the order of offsets, without holes and without overlaps.
    private readonly List<Extent> _extents = [];

    // Segments that only have messages that are no longer kept; null for nearly all logs.
    private List<Segment>? _left;

    public bool IsEmpty => _extents.Count == 0;

    public long First => _extents[0].First;

    public IReadOnlyList<Extent> Extents => _extents;

    /// <summary>The segments that may have bytes of any message, also of those that are no longer kept.</summary>
    public IEnumerable<Segment> Segments => _extents.Select(static extent => extent.Segment).Concat(_left ?? []);

    /// <summary>How far back the message before <paramref name="offset"/> is in the same segment; 0 where it is elsewhere.</summary>
    public int BackFor(Segment segment, long offset, int position) =>
        Before(offset) is { } before && before.Precedes(segment, offset) ? position - before.AnchorPosition : 0;

    /// <summary>Adds the newest message.</summary>
    public void Add(Segment segment, int position, long offset, long kept)
    {
        if (_extents.Count > 0 && _extents[^1].Last != offset - 1)
        {
            Leave(_extents.Select(static extent => extent.Segment));
            _extents.Clear();
        }

        if (_extents.Count > 0 && _extents[^1].Precedes(segment, offset))
        {
            _extents[^1].Extend(offset, position, kept);
        }
        else
        {
            _extents.Add(new Extent(segment, offset, position, kept));
        }
    }

    /// <summary>A message is at another place now. Called in the order of offsets.</summary>
    public void Move(long offset, Segment from, Segment to, int position, long kept)
    {
        var index = _extents.FindIndex(extent => extent.First <= offset && offset <= extent.Last);
        if (index < 0 || _extents[index] is not { } extent || extent.Segment != from)
        {
            return;
        }

        if (offset > extent.First)
        {
            _extents.Insert(index++, extent.UpTo(offset - 1));
        }

        if (index > 0 && _extents[index - 1].Precedes(to, offset))
        {
            _extents[index - 1].Extend(offset, position, kept);
        }
        else
        {
            _extents.Insert(index++, new Extent(to, offset, position, kept));
        }

        if (extent.Last == offset)
        {
            _extents.Remove(extent);
        }
        else
        {
            extent.First = offset + 1;
        }
    }

    /// <summary>Whether a message is in a segment.</summary>
    public bool IsIn(Segment segment, long offset) => _extents.Exists(extent => extent.Segment == segment && extent.First <= offset && offset <= extent.Last);

    /// <summary>Forgets what is before an offset.</summary>
    public void TrimBefore(long first)
    {
        var gone = 0;
        while (gone < _extents.Count && _extents[gone].Last < first)
        {
            gone++;
        }

        if (gone > 0)
        {
            Leave(_extents.Take(gone).Select(static extent => extent.Segment));
            _extents.RemoveRange(0, gone);
        }

        if (_extents.Count > 0)
        {
            _extents[0].First = Math.Max(first, _extents[0].First);
        }
    }

    /// <summary>Where the messages of a range are.</summary>
    public IReadOnlyList<LogPiece> Find(long first, long last)
    {
        List<LogPiece> pieces = [];
        foreach (var extent in _extents)
        {
            if (extent.Last >= first && extent.First <= last)
            {
                var end = Math.Min(last, extent.Last);
                var (near, position) = extent.Near(end);
                pieces.Add(new LogPiece(extent.Segment, Math.Max(first, extent.First), end, near, position));
            }
        }

        return pieces;
    }

    /// <summary>Segments have messages that are no longer kept.</summary>
    public void Leave(IEnumerable<Segment> segments) => (_left ??= new(1)).AddRange(segments.Except(_left ?? []).ToList());

    /// <summary>Forgets segments that were taken away.</summary>
    public void ForgetGone()
    {
        if (_left?.RemoveAll(static segment => segment.IsGone) > 0 && _left.Count == 0)
        {
            _left = null;
        }
    }

    /// <summary>Begins with what was found in segments.</summary>
    public void Load(IEnumerable<Extent> extents) => _extents.AddRange(extents);

    private Extent? Before(long offset)
    {
        for (var i = _extents.Count - 1; i >= 0; i--)
        {
            if (_extents[i].Last == offset - 1)
            {
                return _extents[i];
            }
        }

        return null;
    }
}

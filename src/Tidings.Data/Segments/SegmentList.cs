using Tidings.Data.Files;

namespace Tidings.Data.Segments;

/// <summary>A segment that a directory has.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Id">What tells it from any other file of that number.</param>
/// <param name="End">Where its last record ends, once nothing more is written to it; 0 before.</param>
internal readonly record struct ListedSegment(long Number, uint Id, int End);

/// <summary>Which segments a directory has, in a file of its own: a segment that is missing, older than it was, or another one does not pass unnoticed. Safe from any thread.</summary>
/// <remarks>The file is appended to. Its room is taken when it is made, so that a segment can be removed while the disk is full.</remarks>
internal sealed class SegmentList : IDisposable
{
    private readonly Lock _gate = new();
    private readonly DataLayout _layout;
    private Dictionary<long, ListedSegment> _segments;
    private SegmentListFile? _file;

    private SegmentList(DataLayout layout, Dictionary<long, ListedSegment> segments)
    {
        (_layout, _segments) = (layout, segments);
        _file = SegmentListFile.Create(layout, segments.Values);
    }

    /// <summary>Writes the list anew; after that it is on disk.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static SegmentList Create(DataLayout layout, IEnumerable<ListedSegment> segments) => new(layout, segments.ToDictionary(static one => one.Number));

    /// <summary>Notes a segment before anything is written to it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Add(Segment segment) => Note(SegmentListEntry.Added, new ListedSegment(segment.Number, segment.Id, 0));

    /// <summary>Notes that nothing more is written to a segment.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void End(Segment segment) => Note(SegmentListEntry.Ended, new ListedSegment(segment.Number, segment.Id, segment.End));

    /// <summary>Notes that a segment is about to be removed.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Remove(Segment segment) => Note(SegmentListEntry.Removed, new ListedSegment(segment.Number, segment.Id, 0));

    public void Dispose()
    {
        lock (_gate)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    private void Note(SegmentListEntry entry, ListedSegment segment)
    {
        lock (_gate)
        {
            if (entry != SegmentListEntry.Added && !_segments.ContainsKey(segment.Number))
            {
                return;
            }

            if (_file?.TryAppend(entry, segment) != true)
            {
                // It is full, or what was written to it last may not be there.
                var next = new Dictionary<long, ListedSegment>(_segments);
                Apply(next, entry, segment);
                _file?.Dispose();
                _file = null;
                _file = SegmentListFile.Create(_layout, next.Values);
                _segments = next;
                return;
            }

            Apply(_segments, entry, segment);
        }
    }

    /// <summary>Changes a list as an entry says.</summary>
    public static void Apply(Dictionary<long, ListedSegment> segments, SegmentListEntry entry, ListedSegment segment)
    {
        if (entry == SegmentListEntry.Removed)
        {
            segments.Remove(segment.Number);
        }
        else
        {
            segments[segment.Number] = segment;
        }
    }
}

/// <summary>What an entry of the list says.</summary>
internal enum SegmentListEntry
{
    /// <summary>A segment is there.</summary>
    Added = 1,

    /// <summary>Nothing more is written to a segment.</summary>
    Ended = 2,

    /// <summary>A segment is not wanted any more.</summary>
    Removed = 3,
}

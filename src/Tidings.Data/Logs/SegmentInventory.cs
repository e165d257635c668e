using System.Collections.Concurrent;
using Tidings.Data.Files;
using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <summary>Compares the segments that are there with the list of those that were written.</summary>
internal sealed class SegmentInventory
{
    private readonly DataLayout _layout;
    private readonly Dictionary<long, ListedSegment>? _listed;
    private readonly ConcurrentBag<string> _damage = [];
    private readonly ConcurrentBag<string> _foreign = [];
    private readonly List<string> _leftover = [];

    /// <param name="layout">The directory.</param>
    /// <param name="besideServer">Whether a server has it: what that makes and removes meanwhile is left out.</param>
    public SegmentInventory(DataLayout layout, bool besideServer)
    {
        _layout = layout;

        // The list first: what is in it was there at that moment.
        _listed = SegmentListFile.Read(layout);
        var there = layout.Segments();
        var newest = _listed is { Count: > 0 } ? _listed.Keys.Max() : 0;
        Numbers = _listed is null ? there : [.. there.Where(number => _listed.ContainsKey(number) || (number > newest && !besideServer))];
        if (!besideServer)
        {
            _leftover.AddRange(there.Except(Numbers).Select(layout.Segment));
        }

        // It is made before the first segment is.
        if (_listed is null && (there.Count > 0 || File.Exists(layout.Manifest)))
        {
            _damage.Add($"the list of segments, {layout.SegmentList}, is missing or damaged");
        }

        foreach (var missing in (_listed?.Keys ?? Enumerable.Empty<long>()).Except(there))
        {
            _damage.Add($"{layout.Segment(missing)} is missing");
        }
    }

    /// <summary>The segments that are to be read, in order.</summary>
    public IReadOnlyList<long> Numbers { get; }

    public IReadOnlyList<string> Damage => [.. _damage.Order(StringComparer.Ordinal)];

    public IReadOnlyList<string> Foreign => [.. _foreign];

    public IReadOnlyList<string> Leftover => _leftover;

    /// <summary>Reads a segment. From any thread.</summary>
    /// <returns>Null where it is none, or not the one that was written.</returns>
    public SegmentContents? Read(long number, CatalogAccess access)
    {
        if (Segment.Open(_layout, number, access == CatalogAccess.ToWrite) is not { } segment)
        {
            return Refuse($"{_layout.Segment(number)} does not begin as a segment");
        }

        var listed = _listed?.GetValueOrDefault(number) ?? default;
        if (listed.Number > 0 && listed.Id != segment.Id)
        {
            segment.Unpin();
            return Refuse($"{segment.Path} is not the segment that was written, but another one");
        }

        var contents = access == CatalogAccess.BesideServer && listed.End == 0 ? SegmentContents.ReadBesideServer(segment) : SegmentContents.Read(segment);
        if (contents.Ending == SegmentEnding.Damaged)
        {
            _damage.Add($"{segment.Path} is whole up to byte {segment.End}, and what follows is not what was written");
        }
        else if (listed.End > 0 && (contents.Ending != SegmentEnding.Closed || segment.End != listed.End))
        {
            _damage.Add($"{segment.Path} ends at byte {segment.End} and was written up to byte {listed.End}");
        }

        return contents;

        SegmentContents? Refuse(string damage)
        {
            _damage.Add(damage);
            _foreign.Add(_layout.Segment(number));
            return null;
        }
    }

    /// <summary>Looks at all segments together.</summary>
    /// <param name="segments">What was read, in order. What holds nothing and was not listed yet is taken out.</param>
    /// <param name="closed">The last segment and its length, as the last process left them that closed the directory; 0 where none did.</param>
    public void Judge(List<SegmentContents> segments, (long Segment, long Length) closed)
    {
        foreach (var unlisted in segments.FindAll(one => _listed?.ContainsKey(one.Segment.Number) == false))
        {
            if (unlisted.IsEmpty)
            {
                _leftover.Add(unlisted.Segment.Path);
                segments.Remove(unlisted);
                unlisted.Segment.Unpin();
            }
            else
            {
                _damage.Add($"{unlisted.Segment.Path} is not in the list of segments");
            }
        }

        if (closed.Segment > 0 && (segments is not [.., var last] || last.Segment.Number != closed.Segment || last.Segment.FileLength != closed.Length))
        {
            _damage.Add($"the newest segment of {_layout.Logs} is not the one that was closed");
        }

        // Only the newest write can be cut short: what comes after it is room for later.
        for (var (i, later) = (segments.Count - 1, false); i >= 0; i--)
        {
            if (segments[i].Ending == SegmentEnding.Torn && later)
            {
                _damage.Add($"{segments[i].Segment.Path} is whole up to byte {segments[i].Segment.End}, and what follows is not what was written");
            }

            later |= segments[i].Segment.Records > 0;
        }
    }
}

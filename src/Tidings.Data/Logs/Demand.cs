using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <summary>How many records of each segment are still wanted, at one moment.</summary>
internal sealed class Demand
{
    // So few removals do no harm.
    private const int FewRemovals = 10_000;

    private readonly Dictionary<Segment, long> _records = [];
    private readonly HashSet<Segment> _withState = [];
    private long _others;
    private long _removals;

    public long Of(Segment segment) => _records.GetValueOrDefault(segment);

    /// <summary>Whether a segment is to be written anew so that the removals of keys, which it or an older one makes necessary, can go: they are most of what is wanted by now.</summary>
    public bool IsHeldByRemovals(Segment segment) => _removals > Math.Max(FewRemovals, _others) && _withState.Contains(segment);

    /// <summary>Adds what a log wants. Under its lock.</summary>
    public void Add(DataLog log)
    {
        log.Index.ForgetGone();
        foreach (var extent in log.Index.Extents)
        {
            AddOther(extent.Segment, extent.Count);
        }

        if (log.Home is { } home && !log.Index.IsIn(home, log.Top))
        {
            AddOther(home, 1);
        }

        if (log.State is { } state)
        {
            state.ForgetGone();
            foreach (var (segment, entries, removals) in state.Wanted())
            {
                AddOther(segment, entries);
                Add(segment, removals);
                _removals += removals;
                _withState.Add(segment);
            }
        }
    }

    private void AddOther(Segment segment, long records)
    {
        Add(segment, records);
        _others += records;
    }

    private void Add(Segment segment, long records) => _records[segment] = Of(segment) + records;
}

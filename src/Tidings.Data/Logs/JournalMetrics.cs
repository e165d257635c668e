using System.Diagnostics.Metrics;
using Tidings.Diagnostics;
using Tidings.Reports;

namespace Tidings.Data.Logs;

/// <summary>What is counted of a data directory. Safe from any thread.</summary>
internal sealed class JournalMetrics
{
    private readonly TimeProvider _time;
    private readonly Histogram<double> _commit;
    private long _written;
    private double _newest = double.NaN;

    public JournalMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(TidingsMeter.Name);
        _commit = meter.CreateHistogram("tidings.data.commit.duration", "s", "How long it took to have a group of records on disk.", tags: null, TidingsMeter.Seconds);
        meter.CreateObservableCounter("tidings.data.written", () => Interlocked.Read(ref _written), "By", "Bytes of records written to the data directory, those moved by compaction included.");
        meter.CreateObservableGauge("tidings.data.size", () => Journal?.Segments.Sum(static segment => (long)segment.End) ?? 0, "By", "Bytes in the segments of the data directory.");
        meter.CreateObservableGauge("tidings.data.segments", () => Journal?.Segments.Count ?? 0, "{segment}", "Segments of the data directory.");
        meter.CreateObservableGauge("tidings.data.available", () => Journal is { Fault: null } ? 1 : 0, "1", "1 while the data directory can be written, otherwise 0.");
    }

    /// <summary>Set when there is one.</summary>
    public Journal? Journal { get; set; }

    /// <summary>What a report says.</summary>
    public DirectoryFigures? Read()
    {
        if (Journal is not { } journal)
        {
            return null;
        }

        var (segments, newest) = (journal.Segments, Volatile.Read(ref _newest));
        return new DirectoryFigures(segments.Sum(static segment => (long)segment.End), segments.Count, double.IsNaN(newest) ? null : newest, journal.Fault is null);
    }

    public long Begin() => _time.GetTimestamp();

    public TimeSpan Since(long began) => _time.GetElapsedTime(began);

    public void Written(int bytes) => Interlocked.Add(ref _written, bytes);

    public void Committed(long began, int records)
    {
        if (records > 0)
        {
            var took = _time.GetElapsedTime(began);
            Volatile.Write(ref _newest, took.TotalMilliseconds);
            _commit.Record(took.TotalSeconds);
        }
    }
}

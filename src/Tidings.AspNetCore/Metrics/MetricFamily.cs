using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Tidings.Engine;

namespace Tidings.AspNetCore.Metrics;

/// <summary>What Prometheus calls a metric.</summary>
internal enum MetricType : byte
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>One instrument and all its series. Safe from any thread.</summary>
internal sealed class MetricFamily
{
    // Labels are bounded by what the code says; should one not be, this is the bound.
    private const int MostSeries = 200;

    // What the runtime (10.0) calls counters, though it is how many there are now.
    private static readonly string[] FallingCounters = ["dotnet.thread_pool.thread.count", "dotnet.thread_pool.queue.length"];

    private readonly MetricSeries _untagged;
    private readonly ConcurrentDictionary<(string, object?), MetricSeries> _byTag = new();
    private readonly ConcurrentDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private readonly bool _adds;
    private int _round;

    public MetricFamily(Instrument instrument)
    {
        var kind = instrument.GetType().GetGenericTypeDefinition();
        Type = kind == typeof(Histogram<>) ? MetricType.Histogram
            : (kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>)) && !FallingCounters.Contains(instrument.Name) ? MetricType.Counter
            : MetricType.Gauge;
        Name = PrometheusName.Of(instrument.Name, instrument.Unit, Type);
        Help = instrument.Description ?? instrument.Name;
        Observed = instrument.IsObservable;
        _adds = kind == typeof(Counter<>) || kind == typeof(UpDownCounter<>);
        Bounds = Type == MetricType.Histogram ? (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? [] : null;
        _untagged = new MetricSeries("", Bounds);
        if (!Observed && Type != MetricType.Gauge)
        {
            BeginAll(instrument.Name);
        }
    }

    public string Name { get; }
    public string Help { get; }
    public MetricType Type { get; }

    /// <summary>The upper bounds of a histogram's buckets; null for all else.</summary>
    public IReadOnlyList<double>? Bounds { get; }

    /// <summary>Those that have a value, in the order of their labels. An instrument has labels, or it has none.</summary>
    public IEnumerable<MetricSeries> Series => (_series.IsEmpty ? Enumerable.Repeat(_untagged, 1) : _series.Values)
        .Where(series => series.Round >= (Observed ? _round : 1))
        .OrderBy(static series => series.Labels, StringComparer.Ordinal);

    /// <summary>Whether values are asked for, and not told: those that nobody names any more are gone.</summary>
    private bool Observed { get; }

    /// <summary>From here on values are asked for anew.</summary>
    public void BeginRound() => _round++;

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Find(tags) is { } series)
        {
            series.Record(value, _adds, Math.Max(1, _round));
        }
    }

    private void BeginAll(string instrument)
    {
        if (!MetricLabels.Of.TryGetValue(instrument, out var label))
        {
            _untagged.Begin();
            return;
        }

        foreach (var value in label.Values)
        {
            Find([new KeyValuePair<string, object?>(label.Name, value)])?.Begin();
        }
    }

    // No text is made for a series that is known by its one tag, as nearly all are.
    private MetricSeries? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0)
        {
            return _untagged;
        }

        if (tags.Length == 1 && _byTag.TryGetValue((tags[0].Key, tags[0].Value), out var known))
        {
            return known;
        }

        var labels = PrometheusText.Labels(tags);
        if (!_series.TryGetValue(labels, out var series))
        {
            if (_series.Count >= MostSeries)
            {
                return null;
            }

            series = _series.GetOrAdd(labels, new MetricSeries(labels, Bounds));
        }

        if (tags.Length == 1)
        {
            _byTag.TryAdd((tags[0].Key, tags[0].Value), series);
        }

        return series;
    }
}

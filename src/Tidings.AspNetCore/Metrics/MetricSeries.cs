namespace Tidings.AspNetCore.Metrics;

/// <summary>The values of one set of labels.</summary>
/// <param name="labels">The labels as they are written, without braces.</param>
/// <param name="bounds">The upper bounds of a histogram's buckets; null for all else.</param>
internal sealed class MetricSeries(string labels, IReadOnlyList<double>? bounds)
{
    private readonly Lock _gate = new();
    private readonly long[] _buckets = new long[(bounds?.Count ?? -1) + 1];
    private double _value;

    public string Labels => labels;

    /// <summary>The round in which there last was a value; 0 where there was none.</summary>
    public int Round { get; private set; }

    /// <summary>Shows the series, though nothing was counted yet. Before anything is.</summary>
    public void Begin() => Round = 1;

    public void Record(double value, bool adds, int round)
    {
        lock (_gate)
        {
            Round = round;
            if (bounds is null)
            {
                _value = adds ? _value + value : value;
                return;
            }

            _value += value;
            var bucket = 0;
            while (bucket < bounds.Count && value > bounds[bucket])
            {
                bucket++;
            }

            _buckets[bucket]++;
        }
    }

    /// <summary>What is there now: the value, or a histogram's sum; and how often its buckets were met, each by itself, the last one without a bound.</summary>
    public (double Value, long[] Buckets) Read()
    {
        lock (_gate)
        {
            return (_value, [.. _buckets]);
        }
    }
}

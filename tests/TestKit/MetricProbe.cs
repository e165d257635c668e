using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace TestKit;

/// <summary>Adds up what one application counts under the meter <c>Tidings</c>.</summary>
public sealed class MetricProbe : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _sums = [];

    /// <param name="meters">The application's meters: others in this process have their own.</param>
    public MetricProbe(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Tidings" && instrument.Meter.Scope == meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var name = tags.Length == 0 ? instrument.Name : $"{instrument.Name}/{tags[0].Value}";
            _sums.AddOrUpdate(name, value, (_, sum) => sum + value);
        });
        _listener.Start();
    }

    /// <summary>The sum of a counter, as <c>tidings.rate_limited/ip</c> with the value of its tag.</summary>
    public long Sum(string counter) => _sums.GetValueOrDefault(counter);

    public void Dispose() => _listener.Dispose();
}

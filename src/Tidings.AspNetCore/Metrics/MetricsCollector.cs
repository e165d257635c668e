using System.Diagnostics.Metrics;
using Tidings.Diagnostics;

namespace Tidings.AspNetCore.Metrics;

/// <summary>Keeps what the application's instruments of Tidings measure, and what the runtime's do, from its making on. Safe from any thread.</summary>
internal sealed class MetricsCollector : IDisposable
{
    private const string RuntimeMeter = "System.Runtime";

    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly IMeterFactory _meters;

    public MetricsCollector(IMeterFactory meters)
    {
        _meters = meters;
        ProcessMetrics.Create(meters);
        _listener.InstrumentPublished = Take;
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.Start();
    }

    /// <summary>Asks those that are asked, and writes all there is in Prometheus' text format.</summary>
    public string Write()
    {
        lock (_gate)
        {
            foreach (var family in _families.Values)
            {
                family.BeginRound();
            }

            _listener.RecordObservableInstruments();
            var text = new PrometheusText();
            foreach (var family in _families.Values)
            {
                text.Write(family);
            }

            return text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    // Other applications in this process have meters of their own; the runtime's are everybody's.
    private void Take(Instrument instrument, MeterListener listener)
    {
        var meter = instrument.Meter;
        if (!(meter.Name is TidingsMeter.Name or ProcessMetrics.MeterName && meter.Scope == _meters) && meter.Name != RuntimeMeter)
        {
            return;
        }

        var family = new MetricFamily(instrument);
        lock (_gate)
        {
            if (!_families.TryAdd(family.Name, family))
            {
                return;
            }
        }

        listener.EnableMeasurementEvents(instrument, family);
    }
}

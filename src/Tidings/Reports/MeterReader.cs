using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Tidings.Diagnostics;

namespace Tidings.Reports;

/// <summary>Reads what this application counts under the meter <c>Tidings</c>, for as long as it lives. An instrument that is not there reads as null.</summary>
internal sealed class MeterReader : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Reading> _readings = new(StringComparer.Ordinal);

    /// <param name="meters">The application's meters: others in this process have their own.</param>
    /// <param name="names">The instruments that are wanted.</param>
    /// <param name="durations">Where the instrument <paramref name="durationName"/> is measured.</param>
    /// <param name="durationName">A histogram in seconds.</param>
    public MeterReader(IMeterFactory meters, IReadOnlySet<string> names, DurationBuckets durations, string durationName)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name != TidingsMeter.Name || instrument.Meter.Scope != meters)
            {
                return;
            }

            if (instrument.Name == durationName)
            {
                listener.EnableMeasurementEvents(instrument, durations);
            }
            else if (names.Contains(instrument.Name))
            {
                listener.EnableMeasurementEvents(instrument, _readings.GetOrAdd(instrument.Name, _ => new Reading(instrument.IsObservable)));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => (state as Reading)?.Add(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => (state as Reading)?.Add(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, _, state) => (state as DurationBuckets)?.Add(value));
        _listener.Start();
    }

    /// <summary>Asks the instruments that are read only when they are asked.</summary>
    public void Observe()
    {
        foreach (var reading in _readings.Values)
        {
            reading.BeforeObserving();
        }

        _listener.RecordObservableInstruments();
    }

    /// <summary>The sum over all tags: of a counter, since the reader lives; of what is observed, now.</summary>
    public long? Sum(string name) => _readings.TryGetValue(name, out var reading) ? reading.Sum : null;

    /// <summary>What is observed now, by the value of its first tag.</summary>
    public IReadOnlyDictionary<string, long> ByTag(string name) =>
        _readings.TryGetValue(name, out var reading) ? reading.ByTag : new Dictionary<string, long>();

    public void Dispose() => _listener.Dispose();

    private sealed class Reading(bool observed)
    {
        private readonly ConcurrentDictionary<string, long> _byTag = new(StringComparer.Ordinal);
        private long _sum;

        public long Sum => Interlocked.Read(ref _sum);

        public IReadOnlyDictionary<string, long> ByTag => new Dictionary<string, long>(_byTag);

        public void BeforeObserving()
        {
            if (observed)
            {
                _byTag.Clear();
                Interlocked.Exchange(ref _sum, 0);
            }
        }

        public void Add(long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Interlocked.Add(ref _sum, value);
            if (observed && tags.Length > 0 && tags[0].Value is string tag)
            {
                _byTag.AddOrUpdate(tag, value, (_, sum) => sum + value);
            }
        }
    }
}

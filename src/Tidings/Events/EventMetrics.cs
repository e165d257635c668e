using System.Diagnostics.Metrics;
using Tidings.Diagnostics;

namespace Tidings.Events;

/// <summary>What is counted of events that this node tells.</summary>
internal sealed class EventMetrics
{
    private static readonly KeyValuePair<string, object?>[] Outcomes =
        [.. Enum.GetValues<DeliveryResult>().Select(static result => new KeyValuePair<string, object?>("outcome", NameOf(result)))];

    private readonly long[] _told = new long[Outcomes.Length];
    private readonly Histogram<double> _duration;
    private long _trimmed;

    /// <param name="meters">Where the instruments belong to.</param>
    /// <param name="waiting">How many events wait in the queues that this node delivers.</param>
    public EventMetrics(IMeterFactory meters, Func<long> waiting)
    {
        var meter = meters.Create(TidingsMeter.Name);
        meter.CreateObservableCounter("tidings.events", () => Outcomes.Select((outcome, index) => new Measurement<long>(Volatile.Read(ref _told[index]), outcome)), "{event}", "Events that this node told back ends and handlers, by how that ended.");
        meter.CreateObservableCounter("tidings.events.trimmed", () => Volatile.Read(ref _trimmed), "{event}", "Events that this node gave up because they waited for a day.");
        meter.CreateObservableGauge("tidings.events.waiting", waiting, "{event}", "Events that wait in the queues that this node delivers.");
        _duration = meter.CreateHistogram("tidings.events.duration", "s", "How long receivers took for a batch.", tags: null, TidingsMeter.Seconds);
    }

    /// <summary>What an outcome is called.</summary>
    public static string NameOf(DeliveryResult result) => Enum.GetName(result)!.ToLowerInvariant();

    public void Told(DeliveryResult result, int events, TimeSpan took)
    {
        Interlocked.Add(ref _told[(int)result], events);
        _duration.Record(took.TotalSeconds);
    }

    public void Trimmed(long events) => Interlocked.Add(ref _trimmed, events);
}

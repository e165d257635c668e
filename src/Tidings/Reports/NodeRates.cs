using System.Diagnostics.Metrics;

namespace Tidings.Reports;

/// <summary>What happens per second, from what the meter <c>Tidings</c> counts. Used by one at a time.</summary>
internal sealed class NodeRates : IDisposable
{
    public const string Received = "tidings.messages.received";
    public const string Sent = "tidings.messages.sent";
    public const string BytesReceived = "tidings.bytes.received";
    public const string BytesSent = "tidings.bytes.sent";
    public const string Publishes = "tidings.publishes";

    private const string Connections = "tidings.connections";
    private const string Deliveries = "tidings.delivery.duration";

    private static readonly string[] Counters = [Received, Sent, BytesReceived, BytesSent, Publishes];

    private readonly TimeProvider _time;
    private readonly DurationBuckets _durations = new();
    private readonly MeterReader _meters;
    private readonly Dictionary<string, long> _before = [];
    private TimeSpan _processor = Environment.CpuUsage.TotalTime;
    private long _takenAt;

    public NodeRates(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _meters = new MeterReader(meters, new HashSet<string>([Connections, .. Counters]), _durations, Deliveries);
        _meters.Observe();
        _takenAt = time.GetTimestamp();
        Array.ForEach(Counters, name => _before[name] = _meters.Sum(name) ?? 0);
    }

    /// <summary>What there is, and what has happened since the last time.</summary>
    /// <returns>Connections by transport; each counter per second, null where it is not there; the 50th and 99th percentile of the time to deliver, in
    /// milliseconds; how many processors were in use.</returns>
    public (IReadOnlyDictionary<string, long> Connections, Dictionary<string, double?> PerSecond, double[]? Latencies, double Processors) Take()
    {
        var now = _time.GetTimestamp();
        var seconds = Math.Max(_time.GetElapsedTime(_takenAt, now).TotalSeconds, 0.001);
        _takenAt = now;
        _meters.Observe();
        var perSecond = Counters.ToDictionary(static name => name, name => Rate(name, seconds));
        var processor = Environment.CpuUsage.TotalTime;
        var processors = Math.Round(Math.Max(0, (processor - _processor).TotalSeconds / seconds), 3);
        _processor = processor;
        return (_meters.ByTag(Connections), perSecond, _durations.Take(0.5, 0.99).Milliseconds, processors);
    }

    public void Dispose() => _meters.Dispose();

    private double? Rate(string name, double seconds)
    {
        if (_meters.Sum(name) is not { } sum)
        {
            return null;
        }

        var since = sum - _before[name];
        _before[name] = sum;
        return Math.Round(since / seconds, 1);
    }
}

using System.Diagnostics.Metrics;
using Tidings.Diagnostics;

namespace Tidings.Connections;

/// <summary>What carries a connection.</summary>
internal enum TransportKind : byte
{
    WebSocket,
    ServerSentEvents,
    Polling,
}

/// <summary>What connections count, under the meter <c>Tidings</c>.</summary>
internal sealed class ConnectionMetrics
{
    private readonly int[] _overHttp = new int[3];
    private readonly Counter<long> _slowConsumers;
    private readonly Counter<long> _protocolErrors;
    private readonly Counter<long> _rateAbuses;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _rateLimited;
    private readonly Counter<long> _recoveries;
    private readonly Counter<long> _gaps;

    public ConnectionMetrics(IMeterFactory meters, Func<long> connections)
    {
        var meter = meters.Create(TidingsMeter.Name);
        Connections = meter.CreateObservableGauge("tidings.connections", () => Measure(connections()), "{connection}", "Connections that are open.");
        _slowConsumers = meter.CreateCounter<long>("tidings.slow_consumers", "{connection}", "Connections closed because their queue was full.");
        _protocolErrors = meter.CreateCounter<long>("tidings.protocol_errors", "{connection}", "Connections closed because the peer broke the protocol.");
        _rateAbuses = meter.CreateCounter<long>("tidings.rate_abuses", "{connection}", "Connections closed after a hundred refusals in a row.");
        _refusals = meter.CreateCounter<long>("tidings.refused_connections", "{connection}", "Connections refused by a limit.");
        _rateLimited = meter.CreateCounter<long>("tidings.rate_limited", "{message}", "Messages, commands and requests refused by a limit on rates.");
        _recoveries = meter.CreateCounter<long>("tidings.recoveries", "{subscription}", "Subscriptions and polls that asked for what they had missed.");
        _gaps = meter.CreateCounter<long>("tidings.gaps", "{subscription}", "Times that a running subscription was told that messages are gone.");
    }

    /// <summary>Connections that are open, by transport.</summary>
    public ObservableGauge<long> Connections { get; }

    /// <summary>Counts a connection that is no WebSocket until the result is disposed.</summary>
    public IDisposable Count(TransportKind transport)
    {
        Interlocked.Increment(ref _overHttp[(int)transport]);
        return new Counted(this, transport);
    }

    public void SlowConsumer() => _slowConsumers.Add(1);

    public void ProtocolError() => _protocolErrors.Add(1);

    public void RateAbuse() => _rateAbuses.Add(1);

    public void Refused(string reason) => _refusals.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void RateLimited(string limit) => _rateLimited.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public void Recovery(bool recovered) => _recoveries.Add(1, new KeyValuePair<string, object?>("result", recovered ? "recovered" : "lost"));

    public void Gap(string reason, int subscriptions = 1) => _gaps.Add(subscriptions, new KeyValuePair<string, object?>("reason", reason));

    private Measurement<long>[] Measure(long all)
    {
        var (streams, polls) = (_overHttp[(int)TransportKind.ServerSentEvents], _overHttp[(int)TransportKind.Polling]);
        return [Of("websocket", Math.Max(0, all - streams - polls)), Of("sse", streams), Of("poll", polls)];
    }

    private static Measurement<long> Of(string transport, long count) => new(count, new KeyValuePair<string, object?>("transport", transport));

    private sealed class Counted(ConnectionMetrics metrics, TransportKind transport) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                Interlocked.Decrement(ref metrics._overHttp[(int)transport]);
            }
        }
    }
}

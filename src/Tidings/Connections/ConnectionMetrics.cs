using System.Diagnostics.Metrics;

namespace Tidings.Connections;

/// <summary>What connections count, under the meter <c>Tidings</c>.</summary>
internal sealed class ConnectionMetrics
{
    private readonly Counter<long> _slowConsumers;
    private readonly Counter<long> _protocolErrors;
    private readonly Counter<long> _rateAbuses;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _rateLimited;

    public ConnectionMetrics(IMeterFactory meters, Func<long> connections)
    {
        var meter = meters.Create("Tidings");
        meter.CreateObservableGauge("tidings.connections", () => new Measurement<long>(connections(), new KeyValuePair<string, object?>("transport", "websocket")), "{connection}", "Connections that are open.");
        _slowConsumers = meter.CreateCounter<long>("tidings.slow_consumers", "{connection}", "Connections closed because their queue was full.");
        _protocolErrors = meter.CreateCounter<long>("tidings.protocol_errors", "{connection}", "Connections closed because the peer broke the protocol.");
        _rateAbuses = meter.CreateCounter<long>("tidings.rate_abuses", "{connection}", "Connections closed after a hundred refusals in a row.");
        _refusals = meter.CreateCounter<long>("tidings.refused_connections", "{connection}", "Connections refused by a limit.");
        _rateLimited = meter.CreateCounter<long>("tidings.rate_limited", "{message}", "Messages, commands and requests refused by a limit on rates.");
    }

    public void SlowConsumer() => _slowConsumers.Add(1);

    public void ProtocolError() => _protocolErrors.Add(1);

    public void RateAbuse() => _rateAbuses.Add(1);

    public void Refused(string limit) => _refusals.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public void RateLimited(string limit) => _rateLimited.Add(1, new KeyValuePair<string, object?>("limit", limit));
}

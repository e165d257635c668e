using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary>Metrics and spans reach a collector of OpenTelemetry.</summary>
public sealed class OtlpTests : ServerTests
{
    [Theory]
    [InlineData(true, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "/opentelemetry.proto.collector.trace.v1.TraceService/Export")]
    [InlineData(false, "/v1/metrics", "/v1/traces")]
    public async Task Metrics_and_spans_arrive(bool grpc, string metrics, string traces)
    {
        await using var collector = await OtlpCollector.StartAsync(grpc);
        await using var server = await StartAsync(
            ("Tidings:Otlp", collector.Url), ("OTEL_EXPORTER_OTLP_PROTOCOL", grpc ? "grpc" : "http/protobuf"), ("OTEL_METRIC_EXPORT_INTERVAL", "200"), ("OTEL_BSP_SCHEDULE_DELAY", "200"));
        await using var ann = await server.ConnectSettledAsync("/ws/lobby");
        await server.PublishAsync("lobby", "hello");
        await ann.ExpectTextAsync("[lobby] hello");
        foreach (var name in new[] { "tidings.connections", "tidings.delivery.duration", "dotnet.gc.collections" })
        {
            await Eventually.TrueAsync(() => collector.Has(metrics, name), $"{name} arrives");
        }

        foreach (var name in new[] { "publish", "deliver", "room:lobby" })
        {
            await Eventually.TrueAsync(() => collector.Has(traces, name), $"{name} arrives");
        }

        Assert.True(collector.Has(metrics, "service.name"));
    }

    [Fact]
    public async Task A_collector_that_is_away_keeps_nobody_waiting()
    {
        await using var server = await StartAsync(("Tidings:Otlp", "http://127.0.0.1:1"), ("OTEL_METRIC_EXPORT_INTERVAL", "50"));
        await using var ann = await server.ConnectSettledAsync("/ws/lobby");
        await server.PublishAsync("lobby", "hello");
        await ann.ExpectTextAsync("[lobby] hello");
        server.ExpectNothingLogged();
    }
}

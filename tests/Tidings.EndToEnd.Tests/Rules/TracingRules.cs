using System.Diagnostics;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Rules;

/// <summary>A publish and what becomes of it are one trace.</summary>
public abstract class TracingRules(string pump) : ServerTests(pump)
{
    [Fact]
    public async Task A_publish_is_followed_to_its_writing()
    {
        using var spans = new SpanCollector();
        await using var server = await StartAsync();
        await using var socket = await SubscribeAsync(server);
        await PublishAsync(server, spans.TraceParent);
        Assert.DoesNotContain(spans.TraceId.ToString(), await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        await Eventually.EqualAsync(1, () => spans.Named("deliver").Count, "The spans of deliveries");
        var publish = Assert.Single(spans.Named("publish"));
        var deliver = Assert.Single(spans.Named("deliver"));
        Assert.Equal(publish.SpanId, deliver.ParentSpanId);
        Assert.Equal(spans.TraceId, deliver.TraceId);
        Assert.Equal("chat:a", deliver.GetTagItem("messaging.destination.name"));
        Assert.Equal(1, deliver.GetTagItem("tidings.subscribers"));
        Assert.Equal(ActivityKind.Producer, publish.Kind);
        Assert.Equal(ActivityKind.Consumer, deliver.Kind);
        Assert.True(deliver.Duration >= TimeSpan.Zero);
    }

    [Fact]
    public async Task What_nobody_records_has_no_spans()
    {
        using var spans = new SpanCollector(records: false);
        await using var server = await StartAsync();
        await using var socket = await SubscribeAsync(server);
        await PublishAsync(server, spans.TraceParent[..^2] + "00");
        await socket.ReceiveTextAsync();
        Assert.Empty(spans.Named("publish"));
        Assert.Empty(spans.Named("deliver"));
    }

    private static async Task<RawWebSocket> SubscribeAsync(TestServer server)
    {
        var socket = await server.ConnectAsync("/connect?ping=frame");
        await socket.ReceiveTextAsync();
        await socket.SendTextAsync("""{"type":"subscribe","channel":"chat:a"}""");
        await socket.ReceiveTextAsync();
        return socket;
    }

    private static async Task PublishAsync(TestServer server, string traceParent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/publish") { Content = Json.Content("""{"channel":"chat:a","data":1}""") };
        request.Headers.Add("traceparent", traceParent);

        using var response = await server.Http.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }
}

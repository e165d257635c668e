using System.Net;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Rules;

/// <summary>What <c>/metrics</c> says of real traffic, read by a strict reader.</summary>
public abstract class MetricsRules(string pump) : ServerTests(pump)
{
    [Fact]
    public async Task What_went_through_is_counted()
    {
        await using var server = await StartAsync();
        await using var ann = await server.ConnectSettledAsync("/ws/lobby");
        await using var bob = await server.ConnectSettledAsync("/ws/lobby");
        for (var i = 0; i < 3; i++)
        {
            await ann.SendTextAsync("hello");
            await ann.ExpectTextAsync("[lobby] hello");
            await bob.ExpectTextAsync("[lobby] hello");
        }

        var page = await MetricsAsync(server, "tidings_bytes_sent_total", 6 * "..[lobby] hello".Length);
        Assert.Equal(2, page["""tidings_connections{transport="websocket"}"""]);
        Assert.Equal(1, page["tidings_channels"]);
        Assert.Equal(2, page["tidings_subscriptions"]);
        Assert.Equal(3, page["tidings_publishes_total"]);
        Assert.Equal(3, page["tidings_messages_received_total"]);
        Assert.Equal(6, page["tidings_messages_sent_total"]);
        Assert.Equal(3, page["""tidings_broker_duration_seconds_count{operation="publish"}"""]);
        Assert.InRange(page["tidings_bytes_received_total"], 3 * "hello".Length, 200);
        Assert.InRange(page["tidings_delivery_duration_seconds_count"], 3, 6);
        Assert.Equal(0, page["tidings_queue_bytes"]);
        Assert.Equal(1, page["tidings_broker_available"]);
        Assert.Equal(0, page["tidings_draining"]);
    }

    [Fact]
    public async Task A_delivery_is_timed_by_the_clock_of_the_node()
    {
        var time = new Testing.ManualTime();
        await using var server = await StartAsync(time);
        await using var ann = await server.ConnectSettledAsync("/ws/lobby");
        await server.PublishAsync("lobby", "hello");
        await ann.ExpectTextAsync("[lobby] hello");

        // That one stands still.
        var page = await MetricsAsync(server, "tidings_delivery_duration_seconds_count", 1);
        Assert.Equal(0, page["tidings_delivery_duration_seconds_sum"]);
    }

    [Fact]
    public async Task Recoveries_and_gaps_are_counted_by_what_came_of_them()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/connect?ping=frame");
        await socket.ReceiveTextAsync();
        await socket.SendTextAsync("""{"type":"subscribe","channel":"chat:a","since":{"epoch":"gone","offset":4}}""");
        Assert.Contains("\"recovered\":false", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        server.Hub.Announce("chat:a", new("another", 9));
        Assert.Contains("\"gap\"", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        var page = await MetricsAsync(server);
        Assert.Equal(1, page["""tidings_recoveries_total{result="lost"}"""]);
        Assert.Equal(0, page["""tidings_recoveries_total{result="recovered"}"""]);
        Assert.Equal(1, page["""tidings_gaps_total{reason="epoch"}"""]);
        Assert.Equal(0, page["""tidings_gaps_total{reason="slow"}"""]);
    }

    [Fact]
    public async Task Refusals_and_tasks_are_counted_by_their_kind()
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerIp", "1"));
        await using var ann = await server.ConnectSettledAsync("/ws/lobby");
        await using var refused = await server.ConnectAsync("/ws/lobby");
        await refused.ExpectCloseAsync(1008);
        using (var created = await server.Http.PostAsync("/api/tasks", Json.Content("""{"name":"elsewhere","task_id":"t1"}""")))
        {
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        }

        using (var reported = await server.Http.PutAsync("/api/tasks/t1", Json.Content("""{"status":"failed","error":"no"}""")))
        {
            Assert.Equal(HttpStatusCode.OK, reported.StatusCode);
        }

        var page = await MetricsAsync(server);
        Assert.Equal(1, page["""tidings_refused_connections_total{reason="ip"}"""]);
        Assert.Equal(1, page["""tidings_tasks_total{status="pending"}"""]);
        Assert.Equal(1, page["""tidings_tasks_total{status="failed"}"""]);
        Assert.Equal(0, page["""tidings_tasks_total{status="completed"}"""]);
    }

    [Fact]
    public async Task Streams_are_connections_of_their_own_kind()
    {
        await using var server = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/events?channel=chat:a");
        using (var stream = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            var page = await MetricsAsync(server);
            Assert.Equal(1, page["""tidings_connections{transport="sse"}"""]);
            Assert.Equal(0, page["""tidings_connections{transport="websocket"}"""]);
        }
    }

    // What is counted at the end of a turn may be counted after the peer has read what the turn wrote.
    private static async Task<PrometheusPage> MetricsAsync(TestServer server, string sample = "tidings_connections{transport=\"sse\"}", double atLeast = 0)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var page = PrometheusPage.Parse(await server.Http.GetStringAsync("/metrics", limit.Token));
            if (page[sample] >= atLeast)
            {
                return page;
            }

            await Task.Yield();
        }
    }
}

using System.Net;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Reports;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Dashboard;

/// <summary>What the dashboard's page is told.</summary>
public sealed class DashboardDataTests() : ServerTests(Pump.Lanes)
{
    [Fact]
    public async Task Reports_come_each_second_while_somebody_watches_and_cost_nothing_otherwise()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, ("Tidings:Heartbeat:Interval", "0"));
        await using var room = await server.ConnectSettledAsync("/ws/here");
        var timers = time.ArmedTimers;
        using (var feed = await EventFeed.OpenAsync(server, "/dashboard/data/events"))
        {
            Assert.Equal("alive", (await feed.NextAsync()).Name);
            await Eventually.TrueAsync(() => server.Hub.HasSubscribers(NodeReports.Channel) && time.ArmedTimers > timers + 2, "a report is on its way");
            time.Advance(TimeSpan.FromSeconds(1));
            var (name, first) = await feed.NextAsync();
            Assert.Equal("report", name);
            Assert.Equal(1, first.GetProperty("connections").GetProperty("websocket").GetInt64());
            Assert.Equal(1, first.GetProperty("channels").GetInt32());
            Assert.Equal(0, first.GetProperty("queueBytes").GetInt64());
            Assert.True(first.GetProperty("available").GetBoolean());
            Assert.False(first.GetProperty("draining").GetBoolean());
            Assert.InRange(first.GetProperty("memory").GetInt64(), 1 << 20, 1L << 40);
            time.Advance(TimeSpan.FromSeconds(1));
            var (_, second) = await feed.NextAsync();
            Assert.Equal(1000, second.GetProperty("time").GetInt64() - first.GetProperty("time").GetInt64());
            Assert.Equal(first.GetProperty("node").GetString(), second.GetProperty("node").GetString());
        }

        await Eventually.TrueAsync(() => !server.Hub.HasSubscribers(NodeReports.Channel), "nobody listens any more");
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(time.ArmedTimers <= timers);
            },
            () => $"{time.ArmedTimers} timers are armed, where there were {timers}");
    }

    [Fact]
    public async Task Reports_tell_rates_and_latencies_of_the_second_that_has_passed()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, ("Tidings:Heartbeat:Interval", "0"));
        await using var ann = await server.ConnectSettledAsync("/ws/here");
        await using var bob = await server.ConnectSettledAsync("/ws/here");
        var timers = time.ArmedTimers;
        using var feed = await EventFeed.OpenAsync(server, "/dashboard/data/events");
        Assert.Equal("alive", (await feed.NextAsync()).Name);
        await Eventually.TrueAsync(() => server.Hub.HasSubscribers(NodeReports.Channel) && time.ArmedTimers > timers + 2, "a report is on its way");
        var sent = server.Services.Node.Lanes.All.Sum(static lane => lane.Traffic.BytesSent);
        for (var i = 0; i < 3; i++)
        {
            await ann.SendTextAsync("hello");
            await ann.ExpectTextAsync("[here] hello");
            await bob.ExpectTextAsync("[here] hello");
        }

        // A lane counts what it has written after the peer may have read it.
        await Eventually.EqualAsync(6 * 14, () => server.Services.Node.Lanes.All.Sum(static lane => lane.Traffic.BytesSent) - sent, "Bytes sent");
        time.Advance(TimeSpan.FromSeconds(1));
        var (_, busy) = await feed.NextAsync();
        Assert.Equal((3, 6, 3), (busy.GetProperty("received").GetDouble(), busy.GetProperty("sent").GetDouble(), busy.GetProperty("publishes").GetDouble()));
        Assert.Equal(6 * 14, busy.GetProperty("bytesSent").GetDouble());
        Assert.InRange(busy.GetProperty("latencyP99").GetDouble(), 0, 0.001);
        time.Advance(TimeSpan.FromSeconds(2));
        var (_, quiet) = await feed.NextAsync();
        Assert.Equal((0, 0, 0), (quiet.GetProperty("received").GetDouble(), quiet.GetProperty("sent").GetDouble(), quiet.GetProperty("publishes").GetDouble()));
    }

    [Fact]
    public async Task Nobody_subscribes_to_reports_by_name()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync("/connect?ping=frame");
        await client.ReceiveTextAsync();
        await client.SendTextAsync("""{"type":"subscribe","channel":"\u0002reports"}""");
        Assert.Contains("\"bad_request\"", await client.ReceiveTextAsync(), StringComparison.Ordinal);
        var dashboard = new DashboardClient(server);
        foreach (var path in new[] { "/dashboard/data/messages?channel=%02reports", "/dashboard/api/history?channel=%02reports" })
        {
            using var refused = await dashboard.GetAsync(path);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        using var published = await dashboard.PostAsync("/api/publish", """{"channel":"\u0002reports","data":1}""");
        Assert.Equal(HttpStatusCode.BadRequest, published.StatusCode);
    }

    [Fact]
    public async Task Connections_of_all_routes_are_listed_the_newest_first_and_by_pages()
    {
        await using var server = await StartAsync();
        var client = new DashboardClient(server);
        await using var room = await server.ConnectSettledAsync("/ws/here");
        await using var channels = await server.ConnectAsync("/connect?ping=frame");
        await channels.ReceiveTextAsync();
        using var stream = await EventFeed.OpenAsync(server, "/connect?channel=chat:a", "text/event-stream");
        await Eventually.EqualAsync(3, () => server.Registry.Count, "The number of connections");
        var all = (await client.GetJsonAsync("/dashboard/data/connections")).GetProperty("connections").EnumerateArray().ToList();
        Assert.Equal(["sse", "websocket", "websocket"], all.Select(static row => row.GetProperty("transport").GetString()));
        Assert.Equal("room:here", all[2].GetProperty("purpose").GetString());
        Assert.Equal(20, all[1].GetProperty("id").GetString()!.Length);
        Assert.All(all, static row => Assert.Equal("127.0.0.1", row.GetProperty("address").GetString()));
        foreach (var (order, expected) in new[] { ("", new[] { 0, 1, 2 }), ("&sort=age&order=descending", [2, 1, 0]), ("&sort=transport", [1, 2, 0]), ("&sort=transport&order=descending", [0, 1, 2]), ("&sort=protocol", [2, 0, 1]) })
        {
            var (seen, skip) = (new List<string>(), "");
            do
            {
                var page = await client.GetJsonAsync($"/dashboard/data/connections?limit=1{order}{skip}");
                seen.Add(Assert.Single(page.GetProperty("connections").EnumerateArray().ToList()).GetProperty("number").GetString()!);
                skip = page.TryGetProperty("next", out var next) ? $"&skip={next.GetInt32()}" : "";
            }
            while (skip.Length > 0);

            Assert.Equal((order, string.Join(' ', expected.Select(i => all[i].GetProperty("number").GetString()!))), (order, string.Join(' ', seen)));
        }

        var found = await client.GetJsonAsync("/dashboard/data/connections?search=ROOM:he");
        Assert.Equal("room:here", Assert.Single(found.GetProperty("connections").EnumerateArray().ToList()).GetProperty("purpose").GetString());
    }

    [Fact]
    public async Task Each_connection_is_listed_with_the_protocol_it_speaks_and_each_protocol_with_how_many_do()
    {
        await using var server = await StartAsync(
            new ManualTime(),
            ("Tidings:Pusher:Apps:0:Id", "1"), ("Tidings:Pusher:Apps:0:Key", "278d425bdf160c739803"), ("Tidings:Pusher:Apps:0:Secret", "7ad3773142a6692b25b8"), ("Tidings:Centrifuge:Enabled", "true"));
        var client = new DashboardClient(server);
        using var started = await client.PostAsync("/api/tasks", """{"name":"import","task_id":"t1"}""");
        using var stream = await EventFeed.OpenAsync(server, "/connect?channel=chat:a", "text/event-stream");
        (string Path, string Protocol)[] sockets =
        [
            ("/connect?ping=frame", "tidings"), ("/app/278d425bdf160c739803?protocol=7", "pusher"), ("/connection/websocket", "centrifuge-json"), ("/connection/websocket?cf_protocol=protobuf", "centrifuge-protobuf"),
            ("/ws", "echo"), ("/ws/here", "room"), ("/ws/clients/ada", "client"), ("/ws/tasks/t1", "task"), ("/ws/items", "resource"),
        ];
        var opened = new List<RawWebSocket>();
        foreach (var (path, protocol) in sockets)
        {
            opened.Add(await server.ConnectAsync(path));
            await Eventually.EqualAsync(opened.Count + 1, () => server.Registry.Count, $"The number of connections with {protocol}");
        }

        var all = await client.GetJsonAsync("/dashboard/data/connections");

        // All of one instant, by the manual clock: in any order.
        Assert.Equal(
            sockets.Select(static socket => socket.Protocol).Append("tidings").Order(StringComparer.Ordinal),
            all.GetProperty("connections").EnumerateArray().Select(static row => row.GetProperty("protocol").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal(
            """{"centrifuge-json":1,"centrifuge-protobuf":1,"client":1,"echo":1,"pusher":1,"resource":1,"room":1,"task":1,"tidings":2}""", all.GetProperty("protocols").GetRawText());
        var page = await client.GetJsonAsync("/dashboard/data/connections?search=centrifuge&limit=1");
        Assert.StartsWith("centrifuge-", Assert.Single(page.GetProperty("connections").EnumerateArray().ToList()).GetProperty("protocol").GetString()!, StringComparison.Ordinal);
        Assert.Equal("""{"centrifuge-json":1,"centrifuge-protobuf":1}""", page.GetProperty("protocols").GetRawText());
        var listed = await client.GetJsonAsync("/dashboard/api/connections");
        Assert.Equal(["pusher", "tidings", "tidings"], listed.GetProperty("connections").EnumerateArray().Select(static row => row.GetProperty("protocol").GetString()).Order(StringComparer.Ordinal));
        foreach (var socket in opened)
        {
            await socket.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("connections?limit=0")]
    [InlineData("connections?limit=201")]
    [InlineData("connections?limit=x")]
    [InlineData("connections?skip=-1")]
    [InlineData("connections?skip=10001")]
    [InlineData("connections?skip=1&skip=2")]
    [InlineData("connections?sort=colour")]
    [InlineData("connections?sort=user&order=up")]
    [InlineData("messages")]
    [InlineData("messages?channel=a%20b")]
    [InlineData("messages?channel=a&last=101")]
    public async Task Questions_that_make_no_sense_are_refused(string question)
    {
        await using var server = await StartAsync();
        using var refused = await new DashboardClient(server).GetAsync("/dashboard/data/" + question);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task A_connection_is_ended_with_what_it_is_told()
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        var client = new DashboardClient(server);
        await client.SignInAsync();
        await using var room = await server.ConnectSettledAsync("/ws/here");
        await using var other = await server.ConnectSettledAsync("/ws/other");
        var rows = (await client.GetJsonAsync("/dashboard/data/connections?search=here")).GetProperty("connections");
        var number = rows[0].GetProperty("number").GetString();
        foreach (var wrong in new[] { "{}", """{"number":"x"}""", $$"""{"number":"{{number}}","code":1006}""", $$"""{"number":"{{number}}","reason":"{{new string('r', 124)}}"}""", "[]" })
        {
            using var refused = await client.PostAsync("/dashboard/data/disconnect", wrong);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        var order = $$"""{"number":"{{number}}","code":4110,"reason":"elsewhere"}""";
        using var done = await client.PostAsync("/dashboard/data/disconnect", order);
        Assert.Equal("""{"connections":1}""", await done.Content.ReadAsStringAsync());
        await room.ExpectCloseAsync(4110, "elsewhere");
        await room.SendCloseAsync(4110);
        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        using var again = await client.PostAsync("/dashboard/data/disconnect", order);
        Assert.Equal("""{"connections":0}""", await again.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_channel_is_followed_from_its_last_messages_on_and_from_where_a_browser_had_come_to()
    {
        await using var server = await StartAsync();
        for (var i = 1; i <= 3; i++)
        {
            await server.PublishAsync("x", $"m{i}");
        }

        string? position;
        using (var feed = await EventFeed.OpenAsync(server, "/dashboard/data/messages?channel=room:x&last=2"))
        {
            Assert.Equal("alive", (await feed.NextAsync()).Name);
            Assert.Equal("m2", (await feed.NextAsync()).Data.GetProperty("data").GetString());
            Assert.Equal(3, (await feed.NextAsync()).Data.GetProperty("offset").GetInt64());
            position = feed.LastId;
        }

        await server.PublishAsync("x", "m4");
        using var back = await EventFeed.OpenAsync(server, "/dashboard/data/messages?channel=room:x&last=2", lastId: position);
        Assert.Equal("alive", (await back.NextAsync()).Name);
        Assert.Equal("m4", (await back.NextAsync()).Data.GetProperty("data").GetString());
    }

    [Fact]
    public async Task Tasks_are_listed_with_those_that_are_worked_on_first()
    {
        await using var server = await StartAsync();
        var client = new DashboardClient(server);
        foreach (var (id, report) in new[] { ("done", """{"status":"completed"}"""), ("running", """{"status":"running","progress":40,"message":"<b>40</b>"}""") })
        {
            using var started = await client.PostAsync("/api/tasks", $$"""{"name":"import","task_id":"{{id}}","data":"secret"}""");
            using var reported = await client.SendAsync(HttpMethod.Put, "/api/tasks/" + id, Json.Content(report));
            Assert.Equal(HttpStatusCode.OK, reported.StatusCode);
        }

        var tasks = (await client.GetJsonAsync("/dashboard/data/tasks")).GetProperty("tasks");
        Assert.Equal("""{"id":"running","name":"import","status":"running","progress":40,"message":"\u003Cb\u003E40\u003C/b\u003E","cancellable":true}""", tasks[0].GetRawText());
        Assert.Equal(("done", false), (tasks[1].GetProperty("id").GetString(), tasks[1].GetProperty("cancellable").GetBoolean()));
        using var cancelled = await client.SendAsync(HttpMethod.Delete, "/dashboard/api/tasks/running", null);
        Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
    }

    [Fact]
    public async Task Who_is_refused_is_remembered_with_reason_and_address()
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerRoom", "1"), ("Tidings:AllowedOrigins:0", "https://app.example"));
        var client = new DashboardClient(server);
        await using var first = await server.ConnectSettledAsync("/ws/here");
        await using var second = await server.ConnectAsync("/ws/here");
        await second.ExpectCloseAsync(1008, "Too many connections");
        var refused = await server.HandshakeAsync("/ws/here", ("Origin", "https://evil.example"));
        Assert.Equal(403, refused.Status);
        var refusals = (await client.GetJsonAsync("/dashboard/data/refusals")).GetProperty("refusals").EnumerateArray();
        Assert.Equal(["Origin: \"https://evil.example\" is not in Tidings:AllowedOrigins", "Too many connections"], refusals.Select(static refusal => refusal.GetProperty("reason").GetString()));
        Assert.All(refusals, static refusal => Assert.Equal("127.0.0.1", refusal.GetProperty("address").GetString()));
    }
}

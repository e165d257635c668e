using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using TestKit;
using Tidings.Connections;
using Tidings.EndToEnd.Tests.Dashboard;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Rules;

/// <summary>What one connection says and gets, seen by who runs the server, and by nobody else.</summary>
public abstract class FollowRules(string pump) : ServerTests(pump)
{
    private const string Admin = "Bearer " + DashboardClient.AdminKey;

    [Fact]
    public async Task What_it_says_and_gets_is_shown_with_secrets_masked_until_it_ends()
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        var (socket, id) = await ConnectAsync(server);
        using var feed = await FollowAsync(server, id);
        await socket.SendTextAsync("""{"type":"auth","tok\u0065n":"4711"}""");
        Assert.Equal("""in text {"type":"auth","tok\u0065n":"***"}""", Line(await feed.NextAsync()));
        Assert.StartsWith("""out text {"type":"error",""", Line(await feed.NextAsync()), StringComparison.Ordinal);
        await socket.SendTextAsync($$"""{"type":"publish","channel":"chat:a","data":"{{new string('d', 1990)}}","token":"{{new string('4', 500)}}"}""");
        var (_, cut) = await feed.NextAsync();
        Assert.True(cut.GetProperty("cut").GetBoolean());
        Assert.EndsWith("ddd\",\"token\":***", cut.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.InRange(cut.GetProperty("length").GetInt32(), 2500, 2600);
        await feed.NextAsync();
        await socket.SendPingAsync("secret");
        Assert.Equal("in ping ", Line(await feed.NextAsync()));
        Assert.Equal("out pong ", Line(await feed.NextAsync()));
        await server.Services.Node.Disconnecting.ConnectionAsync(id, new(4010, "Disconnected by server"), revoke: false);
        Assert.Equal("out close Disconnected by server 4010", Line(await feed.NextAsync()));
        await socket.SendCloseAsync(4010);
        var end = await feed.NextAsync();
        Assert.Equal(("end", """{"why":"closed","code":4010,"reason":"Disconnected by server"}"""), (end.Name, end.Data.GetRawText()));
        await NobodyFollowsAsync(server);
        await socket.DisposeAsync();
    }

    [Fact]
    public async Task Connections_of_every_route_can_be_followed_by_what_the_dashboard_calls_them()
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        await using var room = await server.ConnectSettledAsync("/ws/lobby");
        await using var echo = await server.ConnectSettledAsync("/ws");
        using var stream = await EventFeed.OpenAsync(server, "/connect?channel=chat:a");
        await stream.NextAsync();
        await Eventually.EqualAsync(3, () => server.Registry.Count, "The number of connections");
        using var listed = await new DashboardClient(server).GetAsync("/dashboard/data/connections", ("Authorization", Admin));
        var names = JsonElement.Parse(await listed.Content.ReadAsStringAsync()).GetProperty("connections").EnumerateArray()
            .ToDictionary(static row => row.GetProperty("protocol").GetString()!, static row => row.GetProperty("name").GetString()!);
        using var ofRoom = await FollowAsync(server, names["room"]);
        await room.SendTextAsync("hello");
        Assert.Equal("in text hello", Line(await ofRoom.NextAsync()));
        Assert.Equal("out text [lobby] hello", Line(await ofRoom.NextAsync()));
        using var ofEcho = await FollowAsync(server, names["echo"]);
        await echo.SendBinaryAsync([1, 2, 3]);
        Assert.Equal("in binary ", Line(await ofEcho.NextAsync()));
        using var ofStream = await FollowAsync(server, names["tidings"]);
        await server.Services.Node.Facade.PublishAsync("chat:a", new { password = "4711", n = 1 });
        Assert.Contains("""{"password":"***","n":1}""", Line(await ofStream.NextAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_bytes_that_hold_a_token_only_their_number_is_shown()
    {
        // The token is awaited for as long as the clock stands still.
        await using var server = await StartAsync(new ManualTime(), [.. DashboardClient.Keys, ("Tidings:Centrifuge:Enabled", "true")]);
        await using var socket = await server.ConnectAsync("/connection/websocket?cf_protocol=protobuf");
        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        using var listed = await new DashboardClient(server).GetAsync("/dashboard/data/connections", ("Authorization", Admin));
        using var feed = await FollowAsync(server, JsonElement.Parse(await listed.Content.ReadAsStringAsync()).GetProperty("connections")[0].GetProperty("name").GetString()!);
        await socket.SendBinaryAsync([8, 8, 1, 34, 4, 10, 2, (byte)'t', (byte)'k']);
        Assert.Equal("""{"direction":"in","kind":"binary","length":9}""", WithoutTime((await feed.NextAsync()).Data));
    }

    [Fact]
    public async Task A_flood_is_told_in_part_and_neither_slows_the_connection_down_nor_fills_the_memory()
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        var (socket, id) = await ConnectAsync(server);
        using var feed = await FollowAsync(server, id);

        // One who never reads.
        await using var silent = await RawTcp.ConnectAsync(server.Port);
        await silent.SendAsync($"GET /api/connections/{id}/frames HTTP/1.1\r\nHost: localhost\r\nAuthorization: {Admin}\r\n\r\n");
        await Eventually.EqualAsync(2, () => server.Services.Node.Followers.Count, "Who follows");
        const int Pings = 40_000;
        var frame = RawFrame.OfText($$"""{"type":"ping","pad":"{{new string('p', 200)}}"}""");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var answered = ReceiveAsync(socket, Pings);
        for (var i = 0; i < Pings / 100; i++)
        {
            await socket.SendTogetherAsync(Enumerable.Repeat(frame, 100));
        }

        await answered.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 24 * 1024 * 1024);
        await socket.SendCloseAsync(1000);
        var (shown, skipped) = (0L, 0L);
        while (await feed.NextAsync() is var (name, data) && name != "end")
        {
            shown += name == "frame" ? 1 : 0;
            skipped += name == "skipped" ? data.GetProperty("skipped").GetInt64() : 0;
        }

        // Each ping, its answer, and the close frames.
        Assert.Equal((2 * Pings) + 2, shown + skipped);
        Assert.True(skipped > 0);
        await NobodyFollowsAsync(server);
        await socket.DisposeAsync();

        static async Task ReceiveAsync(RawWebSocket socket, int count)
        {
            for (var i = 0; i < count; i++)
            {
                await socket.ReceiveAsync();
            }
        }
    }

    [Fact]
    public async Task When_the_last_one_has_gone_nothing_is_copied_any_more_however_that_one_went()
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        var (socket, id) = await ConnectAsync(server);
        var connection = server.Services.Node.Directory.Find(id)!;
        Assert.False(connection.IsFollowed);
        var first = await FollowAsync(server, id);
        await using (var broken = await RawTcp.ConnectAsync(server.Port))
        {
            await broken.SendAsync($"GET /api/connections/{id}/frames HTTP/1.1\r\nHost: localhost\r\nAuthorization: {Admin}\r\n\r\n");
            await Eventually.EqualAsync(2, () => server.Services.Node.Followers.Count, "Who follows");
            broken.Reset();
        }

        await Eventually.EqualAsync(1, () => server.Services.Node.Followers.Count, "Who follows");
        Assert.True(connection.IsFollowed);
        first.Dispose();
        await NobodyFollowsAsync(server);
        await Eventually.TrueAsync(() => !connection.IsFollowed, "no tap is left");
        await socket.SendPingAsync("still here");
        await socket.ExpectPongAsync("still here");
        await socket.DisposeAsync();
    }

    [Fact]
    public async Task One_look_lasts_ten_minutes_also_for_one_who_does_not_read()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, [.. DashboardClient.Keys, ("Tidings:Heartbeat:Interval", "0")]);
        var (socket, id) = await ConnectAsync(server);
        using var feed = await FollowAsync(server, id);
        await using var silent = await RawTcp.ConnectAsync(server.Port);
        await silent.SendAsync($"GET /api/connections/{id}/frames HTTP/1.1\r\nHost: localhost\r\nAuthorization: {Admin}\r\n\r\n");
        await Eventually.EqualAsync(2, () => server.Services.Node.Followers.Count, "Who follows");
        time.Advance(ConnectionFollowers.Longest);
        (string Name, JsonElement Data) last;
        while ((last = await feed.NextAsync()).Name == "alive")
        {
        }

        Assert.Equal("""{"why":"time"}""", last.Data.GetRawText());
        await NobodyFollowsAsync(server);
        await Eventually.TrueAsync(() => server.Services.Node.Directory.Find(id)?.IsFollowed == false, "no tap is left");
        await socket.DisposeAsync();
    }

    [Fact]
    public async Task Few_may_follow_at_a_time()
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        var connected = new List<(RawWebSocket Socket, string Id)>();
        var feeds = new List<EventFeed>();
        for (var i = 0; i < 5; i++)
        {
            connected.Add(await ConnectAsync(server));
            for (var k = 0; k < ConnectionFollowers.MostOfConnection && feeds.Count < ConnectionFollowers.MostOfNode; k++)
            {
                feeds.Add(await FollowAsync(server, connected[i].Id));
            }

            using var refused = await AskAsync(server, connected[i].Id, Admin);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        }

        feeds[0].Dispose();
        await Eventually.EqualAsync(ConnectionFollowers.MostOfNode - 1, () => server.Services.Node.Followers.Count, "Who follows");
        feeds[0] = await FollowAsync(server, connected[0].Id);
        feeds.ForEach(static feed => feed.Dispose());
        foreach (var (socket, _) in connected)
        {
            await socket.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_admin_key_alone_opens_it_and_each_look_is_logged()
    {
        using var log = new LogCollector(LogLevel.Information);
        await using var server = await StartAsync(builder => builder.Logging.AddProvider(log), DashboardClient.Keys);
        var (socket, id) = await ConnectAsync(server);
        foreach (var wrong in new[] { "", "Bearer " + DashboardClient.ApiKey, Admin + "x" })
        {
            using var refused = await AskAsync(server, id, wrong);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        foreach (var unknown in new[] { "nobody", new string('n', 300), server.Registry.Node + "-999999", "-1", "%2F" })
        {
            using var absent = await AskAsync(server, unknown, Admin);
            Assert.Equal((unknown, HttpStatusCode.NotFound), (unknown, absent.StatusCode));
        }

        Assert.Empty(Looks());
        (await FollowAsync(server, id)).Dispose();
        await Eventually.EqualAsync(2, () => Looks().Count, "The number of lines");
        Assert.Contains($"a holder of the admin key at 127.0.0.1 follows connection {id} of somebody anonymous", Looks()[0], StringComparison.Ordinal);
        Assert.Matches($"a holder of the admin key at 127.0.0.1 followed connection {id} for [0-9]+ s: 0 frames shown, 0 skipped", Looks()[1]);
        await socket.DisposeAsync();

        List<string> Looks() => [.. log.Lines.Where(static line => line.Contains("FollowRoute", StringComparison.Ordinal))];
    }

    private static async Task<(RawWebSocket Socket, string Id)> ConnectAsync(TestServer server)
    {
        var socket = await server.ConnectAsync("/connect?ping=frame");
        return (socket, JsonElement.Parse(await socket.ReceiveTextAsync()).GetProperty("connection").GetString()!);
    }

    private static Task<HttpResponseMessage> AskAsync(TestServer server, string id, string authorization) =>
        new DashboardClient(server).GetAsync($"/api/connections/{id}/frames", ("Authorization", authorization));

    private static async Task<EventFeed> FollowAsync(TestServer server, string id)
    {
        var feed = await EventFeed.OpenAsync(server, $"/api/connections/{id}/frames", authorization: Admin);
        Assert.Equal("alive", (await feed.NextAsync()).Name);
        Assert.Equal("following", (await feed.NextAsync()).Name);
        return feed;
    }

    private static Task NobodyFollowsAsync(TestServer server) => Eventually.EqualAsync(0, () => server.Services.Node.Followers.Count, "Who follows");

    private static string Line((string Name, JsonElement Data) told)
    {
        Assert.Equal("frame", told.Name);
        var text = told.Data.TryGetProperty("text", out var shown) ? shown.GetString() : "";
        return $"{told.Data.GetProperty("direction")} {told.Data.GetProperty("kind")} {text}{(told.Data.TryGetProperty("code", out var code) ? $" {code}" : "")}";
    }

    private static string WithoutTime(JsonElement frame) => $$"""{{{string.Join(',', frame.EnumerateObject().Where(static field => field.Name != "time").Select(static field => $"\"{field.Name}\":{field.Value.GetRawText()}"))}}}""";
}

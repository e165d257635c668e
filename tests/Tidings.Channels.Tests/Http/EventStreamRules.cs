using System.Net;
using System.Text;
using System.Text.Json;
using TestKit;
using Tidings.Channels.Tests.Rules;
using Tidings.Nodes;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Http;

public sealed class EventStreamRules : HttpRules
{
    [Fact]
    public async Task The_first_event_says_where_it_begins_and_each_event_where_the_reader_is_then()
    {
        await using var server = await StartAsync();
        await SayAsync(server, "chat:a", "1");
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a&channel=chat:b");
        var connected = await stream.ExpectAsync("connected");
        var (a, b) = (connected.GetProperty("subscriptions")[0], connected.GetProperty("subscriptions")[1]);
        Assert.Equal(("chat:a", 1, "chat:b", 0), (Name(a), Offset(a), Name(b), Offset(b)));
        Assert.Equal($$"""[["chat:a",{{Epoch(a)}},1],["chat:b",{{Epoch(b)}},0]]""", Decode(stream.LastId));
        await SayAsync(server, "chat:b", "{\"x\":1}");
        await stream.ExpectMessageAsync("{\"x\":1}");
        Assert.Equal($$"""[["chat:a",{{Epoch(a)}},1],["chat:b",{{Epoch(b)}},1]]""", Decode(stream.LastId));
    }

    [Fact]
    public async Task The_data_are_the_very_bytes_that_a_WebSocket_gets()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a");
        await stream.ExpectAsync("connected");
        await CommandAsync(server, """{"type":"publish","channel":"chat:a","data":{"a" : [1, "中文 👋 \u2028"]},"key":"k"}""", user: "ann");
        Assert.Equal(await client.ReceiveAsync(), await stream.ReceiveAsync());
    }

    [Theory]
    [InlineData("/connect")]
    [InlineData("/api/events")]
    public async Task Nothing_on_the_way_may_keep_events_back(string path)
    {
        await using var server = await StartAsync();
        await using var stream = await EventStream.OpenAsync(server.Http, path);
        var headers = stream.Response.Headers;
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-cache, no-store", string.Join(", ", headers.CacheControl!.ToString().Split(", ").Order()));
        Assert.Equal("no", Assert.Single(headers.GetValues("X-Accel-Buffering")));
        Assert.Equal("identity", Assert.Single(stream.Response.Content.Headers.ContentEncoding));
        await stream.ExpectAsync("connected");
        Assert.InRange(stream.Retry, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData(null, "all")]
    [InlineData("ann", "all user:ann")]
    public async Task Without_channels_it_is_everybodys_and_ones_own(string? user, string channels)
    {
        await using var server = await StartAsync();
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect", user: user);
        var connected = await stream.ExpectAsync("connected");
        Assert.Equal(user, connected.GetProperty("user").GetString());
        Assert.Equal(channels, string.Join(' ', connected.GetProperty("subscriptions").EnumerateArray().Select(Name)));
    }

    [Fact]
    public async Task Who_comes_back_with_his_last_id_gets_what_he_missed_whatever_the_URL_says()
    {
        await using var server = await StartAsync();
        await using var first = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a");
        await first.ExpectAsync("connected");
        var start = first.LastId;
        await SayAsync(server, "chat:a", "1");
        await first.ExpectMessageAsync("1");
        await first.DisposeAsync();
        await SayAsync(server, "chat:a", "2", "3");
        await using var second = await EventStream.OpenAsync(server.Http, $"/connect?channel=chat:a&since={start}", first.LastId);
        await second.ExpectAsync("connected");
        await second.ExpectMessageAsync("2");
        await second.ExpectMessageAsync("3");
        await SayAsync(server, "chat:a", "4");
        await second.ExpectMessageAsync("4");
        await using var third = await EventStream.OpenAsync(server.Http, $"/connect?channel=chat:a&since={start}");
        await third.ExpectAsync("connected");
        foreach (var data in new[] { "1", "2", "3", "4" })
        {
            await third.ExpectMessageAsync(data);
        }
    }

    [Fact]
    public async Task Last_goes_back_in_channels_that_the_position_does_not_name()
    {
        await using var server = await StartAsync();
        await SayAsync(server, "chat:a", "1", "2");
        await SayAsync(server, "chat:b", "3", "4");
        var position = PositionOf(await PollAsync(server, "wait=0&channel=chat:a"));
        await using var stream = await EventStream.OpenAsync(server.Http, $"/connect?channel=chat:a&channel=chat:b&last=1&since={position}");
        await stream.ExpectAsync("connected");
        await stream.ExpectMessageAsync("4");
    }

    [Fact]
    public async Task What_is_gone_is_told_once_before_the_next_message()
    {
        await using var server = await StartAsync();
        await SayAsync(server, "short:a", "1");
        var position = PositionOf(await PollAsync(server, "wait=0&channel=short:a"));
        await SayAsync(server, "short:a", "2", "3", "4");
        await using var stream = await EventStream.OpenAsync(server.Http, $"/connect?channel=short:a&since={position}");
        await stream.ExpectAsync("connected");
        var gap = await stream.ExpectAsync("gap");
        Assert.Equal((4, 2, 4, "trimmed"), (Offset(gap), gap.GetProperty("from").GetInt64(), gap.GetProperty("to").GetInt64(), gap.GetProperty("reason").GetString()));
        await SayAsync(server, "short:a", "5");
        await stream.ExpectMessageAsync("5");
    }

    [Fact]
    public async Task A_position_of_another_log_is_a_gap_of_its_epoch()
    {
        await using var server = await StartAsync();
        await SayAsync(server, "chat:a", "1");
        await using var stream = await EventStream.OpenAsync(server.Http, $"/connect?channel=chat:a&since={Encode("""[["chat:a","another",41]]""")}");
        await stream.ExpectAsync("connected");
        var gap = await stream.ExpectAsync("gap");
        Assert.Equal((1, 42, 41, "epoch"), (Offset(gap), gap.GetProperty("from").GetInt64(), gap.GetProperty("to").GetInt64(), gap.GetProperty("reason").GetString()));
        await SayAsync(server, "chat:a", "2");
        await stream.ExpectMessageAsync("2");
    }

    [Fact]
    public async Task A_channel_that_may_not_be_read_is_told_and_the_others_are_open()
    {
        await using var server = await StartAsync();
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=users:a&channel=chat:a");
        var connected = await stream.ExpectAsync("connected");
        Assert.Equal("chat:a", Name(Assert.Single(connected.GetProperty("subscriptions").EnumerateArray())));
        Assert.Equal("""{"type":"unsubscribed","channel":"users:a","code":"not_allowed","reason":"Not allowed"}""", await stream.ReceiveAsync());
        await SayAsync(server, "chat:a", "1");
        await stream.ExpectMessageAsync("1");
    }

    [Theory]
    [InlineData("/connect", null, 401, "unauthorized")]
    [InlineData("/connect", "ann", 403, "not_allowed")]
    [InlineData("/api/messages", null, 401, "unauthorized")]
    [InlineData("/api/messages", "ann", 403, "not_allowed")]
    public async Task Who_may_read_none_of_them_is_refused_by_status(string path, string? user, int status, string code)
    {
        await using var server = await StartAsync();
        await ExpectProblemAsync(await EventStream.AskAsync(server.Http, path + "?channel=user:bob", user: user), status, code);
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Joins_and_leaves_come_where_they_are_asked_for()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time);
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=lobby:1&presence=true", user: "ann");
        await stream.ExpectAsync("connected");
        var other = await EventStream.OpenAsync(server.Http, "/connect?channel=lobby:1", user: "bob");
        await other.ExpectAsync("connected");
        Assert.Contains("\"user\":\"bob\"", (await stream.ExpectAsync("join")).GetRawText(), StringComparison.Ordinal);
        await other.DisposeAsync();
        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Contains("\"user\":\"bob\"", (await stream.ExpectAsync("leave")).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Direct_messages_and_the_servers_subscriptions_reach_it()
    {
        await using var server = await StartAsync(("Tidings:Send", "users"));
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect", user: "ann");
        var connected = await stream.ExpectAsync("connected");
        var id = connected.GetProperty("connection").GetString();
        Assert.Equal("""{"type":"sent"}""", await CommandAsync(server, $$"""{"type":"send","to":"{{id}}","data":1}""", user: "bob"));
        Assert.Equal("""{"type":"direct","from":"bob","data":1}""", await stream.ReceiveAsync());
        await server.Services.Node.ServerActions.SubscribeAsync(NodeTarget.User, "ann", "users:a");
        await stream.ExpectAsync("subscribed");
        await SayAsync(server, "users:a", "2");
        await stream.ExpectMessageAsync("2");
    }

    [Fact]
    public async Task Who_must_not_come_back_is_told_so_and_his_EventSource_answered_204()
    {
        await using var server = await StartAsync();
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect", user: "ann");
        await stream.ExpectAsync("connected");
        await server.Services.Node.Facade.DisconnectAsync("ann");
        Assert.Equal("""{"type":"disconnecting","code":4010,"reason":"Disconnected by server","reconnect":false}""", await stream.ReceiveAsync());
        await stream.ExpectEndAsync();
        using var again = await EventStream.AskAsync(server.Http, "/connect", stream.LastId, "ann");
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task The_end_of_the_server_is_told_and_the_position_stands()
    {
        await using var server = await StartAsync();
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a");
        await stream.ExpectAsync("connected");
        await SayAsync(server, "chat:a", "1");
        var stopping = server.StopAsync();
        await stream.ExpectMessageAsync("1");
        var position = stream.LastId;
        Assert.Equal("""{"type":"disconnecting","code":1001,"reason":"Shutting down","reconnect":true}""", await stream.ReceiveAsync());
        Assert.Equal(position, stream.LastId);
        await stream.ExpectEndAsync();
        await stopping;
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task While_it_stops_nobody_new_is_taken_and_the_listener_still_answers()
    {
        await using var server = await StartAsync();
        await using var holdsUp = await server.ConnectSettledAsync("/ws/lobby");
        var stopping = server.StopAsync();
        await Eventually.TrueAsync(() => server.Registry.StopCode is not null, "the server stops");
        foreach (var url in new[] { "/connect", "/connect?wait=5" })
        {
            using var refused = await EventStream.AskAsync(server.Http, url);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, 5), (refused.StatusCode, refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds));
        }

        await ExpectProblemAsync(await PostAsync(server, """{"type":"ping"}"""), 503, "unavailable");
        await holdsUp.DisposeAsync();
        await stopping;
    }

    [Fact]
    public async Task The_heartbeat_is_a_comment()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync("GET /connect?channel=chat:a HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
        await ReadUntilAsync(tcp, "\"subscriptions\"");
        for (var i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            await ReadUntilAsync(tcp, "\r\n:\n\n\r\n");
        }

        Assert.Equal(1, server.Registry.Count);
    }

    [Fact]
    public async Task Whoever_goes_is_forgotten()
    {
        await using var server = await StartAsync();
        var streams = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => EventStream.OpenAsync(server.Http, "/connect?channel=chat:a&channel=lobby:1&presence=true")));
        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }

        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Theory]
    [InlineData("ConnectionsPerIp", 429, "too_many")]
    [InlineData("Connections", 503, "unavailable")]
    public async Task A_stream_and_a_waiting_poll_have_places_as_WebSockets_do(string limit, int status, string code)
    {
        await using var server = await StartAsync(($"Tidings:Limits:{limit}", "3"));
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a");
        var position = PositionOf(await PollAsync(server, "wait=0&channel=chat:a"));
        var waiting = PollAsync(server, $"channel=chat:a&wait=60&since={position}");
        await Eventually.EqualAsync(3, () => server.Registry.Count, "The number of connections");
        await ExpectProblemAsync(await EventStream.AskAsync(server.Http, "/connect"), status, code);
        await ExpectProblemAsync(await GetAsync(server, "/connect?wait=1"), status, code);
        await SayAsync(server, "chat:a", "1");
        await waiting;
        await PollAsync(server, "wait=1");
    }

    [Fact]
    public async Task The_gauge_tells_transports_apart()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a");
        using var meters = new System.Diagnostics.Metrics.MeterListener();
        var seen = new Dictionary<string, long>();
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "tidings.connections")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (ReferenceEquals(instrument, server.Registry.Metrics.Connections))
            {
                seen[(string)tags[0].Value!] = value;
            }
        });
        meters.Start();
        meters.RecordObservableInstruments();
        Assert.Equal((1L, 1L, 0L), (seen["websocket"], seen["sse"], seen["poll"]));
    }

    internal static string Decode(string position) => Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(position));

    internal static string Encode(string json) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static string? Name(JsonElement subscription) => subscription.GetProperty("channel").GetString();

    private static string Epoch(JsonElement subscription) => subscription.GetProperty("epoch").GetRawText();

    private static long Offset(JsonElement subscription) => subscription.GetProperty("offset").GetInt64();

    private static async Task ReadUntilAsync(RawTcp tcp, string text)
    {
        while (!Encoding.Latin1.GetString(tcp.Buffered).Contains(text, StringComparison.Ordinal))
        {
            Assert.True(await tcp.FillAsync(), "the stream has ended");
        }

        tcp.Take(tcp.Buffered.Length);
    }
}

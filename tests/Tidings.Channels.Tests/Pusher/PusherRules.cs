using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Pusher;

public sealed class LanePumpPusherRules() : PusherRules(Pump.Lanes);

public sealed class StreamPumpPusherRules() : PusherRules(Pump.Streams);

/// <summary>The Pusher protocol on the wire. Its own clients are tested in clients/js/test/pusher.test.js.</summary>
public abstract class PusherRules(string pump) : ServerTests(pump)
{
    private const string Secret = "7ad3773142a6692b25b8";

    private static readonly (string, string?)[] App =
    [
        ("Tidings:Pusher:Apps:0:Id", "1"), ("Tidings:Pusher:Apps:0:Key", "278d425bdf160c739803"), ("Tidings:Pusher:Apps:0:Secret", Secret), ("Tidings:Heartbeat:Interval", "30s"),
    ];

    [Fact]
    public async Task It_begins_pings_and_drains_in_its_own_words()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, [.. App, ("Tidings:Drain", "1s")]);
        await using var socket = await server.ConnectAsync("/app/278d425bdf160c739803?protocol=7");
        Assert.Matches("""^\{"event":"pusher:connection_established","data":"\{\\"socket_id\\":\\"[0-9]+\.[0-9]+\\",\\"activity_timeout\\":120\}"\}$""", await socket.ReceiveTextAsync());
        await socket.SendTextAsync("""{"event":"pusher:ping","data":{}}""");
        await socket.ExpectTextAsync("""{"event":"pusher:pong","data":"{}"}""");
        time.Advance(TimeSpan.FromSeconds(30));
        await socket.ExpectTextAsync("""{"event":"pusher:ping","data":"{}"}""");
        await socket.ExpectPingAsync();
        var closing = server.Registry.CloseAllAsync(DisconnectCode.Draining, TestContext.Current.CancellationToken);
        await socket.ExpectCloseInTheEndAsync(4100, DisconnectCode.Draining.Reason);
        await socket.DisposeAsync();
        await closing;
    }

    [Fact]
    public async Task Bytes_have_a_name_as_the_protocol_has_none_for_them()
    {
        await using var server = await StartAsync(App);
        await using var socket = await ConnectAsync(server);
        await SubscribeAsync(socket, "news");
        await server.Services.Node.ServerActions.PublishAsync("news", new MessageData(DataKind.Binary, new byte[] { 0xFF, 0 }), new PublishOptions { Event = "pen" }, TestContext.Current.CancellationToken);
        await socket.ExpectTextAsync("""{"event":"pen","channel":"news","data":"{\"data64\":\"/wA=\"}"}""");
        await server.Services.Node.ServerActions.PublishAsync("news", new MessageData(DataKind.Binary, new byte[] { 0xFF, 0 }), new PublishOptions { Event = "client-pen" }, TestContext.Current.CancellationToken);
        await socket.ExpectTextAsync("""{"event":"client-pen","channel":"news","data":{"data64":"/wA="}}""");
    }

    [Fact]
    public async Task An_event_of_the_protocol_is_a_message_with_its_name_and_its_text()
    {
        await using var server = await StartAsync(App);
        await using var socket = await ConnectAsync(server);
        await SubscribeAsync(socket, "news");
        await server.Services.Node.ServerActions.PublishAsync("news", new MessageData(DataKind.Json, "{\"a\":\"é\"}"u8.ToArray()), new PublishOptions { Event = "paid" }, TestContext.Current.CancellationToken);
        await socket.ExpectTextAsync("""{"event":"paid","channel":"news","data":"{\"a\":\"é\"}"}""");
        await socket.SendTextAsync("""{"event":"pusher:subscribe","data":{"channel":"news"}}""");
        await socket.ExpectTextAsync("""{"event":"pusher_internal:subscription_succeeded","channel":"news","data":"{}"}""");
        await socket.SendTextAsync("""{"event":"pusher:unsubscribe","data":{"channel":"news"}}""");
        await socket.SendTextAsync("""{"event":"pusher:ping","data":{}}""");
        await socket.ExpectTextAsync("""{"event":"pusher:pong","data":"{}"}""");
        await socket.SendTextAsync("nonsense");
        Assert.StartsWith("""{"event":"pusher:error","data":{"code":null""", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_is_whom_the_signature_names_and_a_signature_is_of_one_connection()
    {
        await using var server = await StartAsync(App);
        await using var ann = await ConnectAsync(server);
        await using var eve = await ConnectAsync(server);
        const string Data = """{"user_id":7,"user_info":{"name":"Ann"}}""";
        var proof = Sign($"{ann.Id}:presence-room:{Data}");
        await ann.SendTextAsync(Subscribe("presence-room", proof, Data));
        await ann.ExpectTextAsync("""{"event":"pusher_internal:subscription_succeeded","channel":"presence-room","data":"{\"presence\":{\"ids\":[\"7\"],\"hash\":{\"7\":{\"name\":\"Ann\"}},\"count\":1}}"}""");
        await ann.SendTextAsync(Subscribe("presence-room", proof, Data));
        await ann.ExpectTextAsync("""{"event":"pusher:subscription_error","channel":"presence-room","data":{"type":"Error","error":"Already subscribed","status":409}}""");
        for (var i = 0; i < 2; i++)
        {
            await ann.SendTextAsync(Subscribe("private-mine", Sign($"{ann.Id}:private-mine:{Data}"), Data));
            await ann.ExpectTextAsync("""{"event":"pusher_internal:subscription_succeeded","channel":"private-mine","data":"{}"}""");
        }

        foreach (var (channel, data) in new[] { ("presence-room", Data), ("presence-other", Data), ("presence-room", Data.Replace('7', '8')), ("private-room", Data) })
        {
            await eve.SendTextAsync(Subscribe(channel, proof, data));
            Assert.Contains("pusher:subscription_error", await eve.ReceiveTextAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(["7"], (await server.Services.Node.Presence.ReadAsync("presence-room", 10, TestContext.Current.CancellationToken)).Members.Select(static member => member.User));
    }

    [Fact]
    public async Task Nobody_else_says_the_events_of_the_protocol()
    {
        await using var server = await StartAsync(App);
        await using var socket = await ConnectAsync(server);
        await SubscribeAsync(socket, "news");
        foreach (var name in new[] { "pusher_internal:member_added", "pusher:error", "said" })
        {
            await server.Services.Node.ServerActions.PublishAsync("news", new MessageData(DataKind.Json, "{}"u8.ToArray()), new PublishOptions { Event = name }, TestContext.Current.CancellationToken);
        }

        await socket.ExpectTextAsync("""{"event":"said","channel":"news","data":"{}"}""");
    }

    [Fact]
    public async Task Public_cache_channels_are_open_where_public_channels_are()
    {
        await using var open = await StartAsync(App);
        await using var guest = await ConnectAsync(open);
        await SubscribeAsync(guest, "cache-a");
        await guest.ExpectTextAsync("""{"event":"pusher:cache_miss","channel":"cache-a"}""");
        var start = await open.Services.Node.ServerActions.PublishAsync("cache-a", new MessageData(DataKind.Json, "1"u8.ToArray()), new PublishOptions { Event = "n" }, TestContext.Current.CancellationToken);
        await guest.ExpectTextAsync("""{"event":"n","channel":"cache-a","data":"1"}""");
        await open.Services.Node.ServerActions.EraseAsync("cache-a", start, TestContext.Current.CancellationToken);
        await using var late = await ConnectAsync(open);
        await SubscribeAsync(late, "cache-a");
        await late.ExpectTextAsync("""{"event":"pusher:cache_miss","channel":"cache-a"}""");

        await using var shut = await StartAsync([.. App, ("Tidings:UnmatchedChannels", "closed")]);
        await using var nobody = await ConnectAsync(shut);
        foreach (var channel in new[] { "news", "cache-a" })
        {
            await nobody.SendTextAsync($$$"""{"event":"pusher:subscribe","data":{"auth":"","channel":"{{{channel}}}"}}""");
            Assert.Contains("\"status\":401", await nobody.ReceiveTextAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_user_of_another_application_is_nobody()
    {
        await using var server = await StartAsync([.. App, ("Tidings:Pusher:Apps:1:Id", "2"), ("Tidings:Pusher:Apps:1:Key", "other"), ("Tidings:Pusher:Apps:1:Secret", "a-secret-of-sixteen"), ("Tidings:Pusher:Apps:1:Prefix", "shop:")]);
        await using var socket = await ConnectAsync(server);
        foreach (var (id, answer) in new[] { ("shop:7", "pusher:error"), ("\\ud800", "pusher:error"), ("7", "pusher:signin_success") })
        {
            var data = $$"""{"id":"{{id}}"}""";
            await socket.SendTextAsync(JsonSerializer.Serialize(new { @event = "pusher:signin", data = new { auth = Sign($"{socket.Id}::user::{data}"), user_data = data } }));
            Assert.StartsWith($$"""{"event":"{{answer}}""", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        }
    }

    private static async Task<PusherSocket> ConnectAsync(TestServer server)
    {
        var socket = await server.ConnectAsync("/app/278d425bdf160c739803?protocol=7&ping=frame");
        using var hello = JsonDocument.Parse(await socket.ReceiveTextAsync());
        using var data = JsonDocument.Parse(hello.RootElement.GetProperty("data").GetString()!);
        return new PusherSocket(socket, data.RootElement.GetProperty("socket_id").GetString()!);
    }

    private static async Task SubscribeAsync(PusherSocket socket, string channel)
    {
        await socket.SendTextAsync($$$"""{"event":"pusher:subscribe","data":{"auth":"","channel":"{{{channel}}}"}}""");
        await socket.ExpectTextAsync($$"""{"event":"pusher_internal:subscription_succeeded","channel":"{{channel}}","data":"{}"}""");
    }

    private static string Subscribe(string channel, string auth, string data) =>
        JsonSerializer.Serialize(new { @event = "pusher:subscribe", data = new { auth, channel_data = data, channel } });

    private static string Sign(string text) =>
        "278d425bdf160c739803:" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(text)));

    private sealed class PusherSocket(RawWebSocket socket, string id) : IAsyncDisposable
    {
        public string Id => id;

        public Task SendTextAsync(string text) => socket.SendTextAsync(text);

        public Task<string> ReceiveTextAsync() => socket.ReceiveTextAsync();

        public Task ExpectTextAsync(string text) => socket.ExpectTextAsync(text);

        public ValueTask DisposeAsync() => socket.DisposeAsync();
    }
}

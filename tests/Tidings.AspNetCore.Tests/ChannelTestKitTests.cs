using System.Net.Http.Json;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Tidings.AspNetCore.Tests;

/// <summary>What tests of an application's channels are written with.</summary>
public sealed class ChannelTestKitTests
{
    private static readonly ChannelOptions Board = new() { Pattern = "board:*", Presence = true, PresenceInfo = true, State = true, Publish = ChannelAccess.Users, Subscribe = ChannelAccess.Anyone };

    [Fact]
    public async Task A_message_is_expected_where_it_is_heard()
    {
        await using var node = await TestNode.StartAsync();
        await using var ann = await node.ConnectAsync("ann");
        await using var bob = await node.ConnectAsync("bob");
        Assert.Equal("ann", ann.User);
        await ann.SubscribeAsync("chat:1");
        var position = await bob.PublishAsync("chat:1", new { text = "hi" }, new PublishOptions { Event = "said", Key = "k" });
        var message = await ann.ExpectMessageAsync("chat:1");
        Assert.Equal(("said", "k", "bob", position), (message.Event, message.Key, message.From, message.Position));
        Assert.Equal("hi", message.Read<Line>()!.Text);

        await node.Tidings.SendToUserAsync("ann", "only you");
        Assert.Equal("only you", await ann.ExpectDirectAsync<string>());
        await ann.ExpectNothingAsync("chat:1");
    }

    [Fact]
    public async Task Who_comes_and_goes_on_manual_time()
    {
        var time = new ManualTime();
        await using var node = await TestNode.StartAsync(options => options.Channels.Add(Board), time);
        await using var ann = await node.ConnectAsync("ann");
        Assert.Equal("ann", Assert.Single((await ann.SubscribeAsync("board:1", presence: true)).Presence!.Members).User);
        await using (var bob = await node.ConnectAsync("bob"))
        {
            await bob.SubscribeAsync("board:1", info: new { x = 1 });
            Assert.Equal("bob", (await ann.ExpectJoinAsync("board:1")).User);
            await bob.TrackAsync("board:1", new { x = 2 });
            Assert.Equal("""{"x":2}""", System.Text.Encoding.UTF8.GetString((await ann.ExpectUpdateAsync("board:1")).Info.Span));
            await bob.UnsubscribeAsync("board:1");
        }

        await ann.ExpectNothingAsync("board:1");
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("bob", (await ann.ExpectLeaveAsync("board:1")).User);
    }

    [Fact]
    public async Task What_is_refused_has_its_code()
    {
        await using var node = await TestNode.StartAsync(options => options.Channels.Add(Board), map: channels => channels.MapCall("sum", static (int a, int b) => a + b));
        await using var anyone = await node.ConnectAsync();
        Assert.Null(anyone.User);
        var refused = await Assert.ThrowsAsync<TestCommandException>(() => anyone.PublishAsync("board:1", 1));
        Assert.Equal("not_allowed", refused.Code);
        Assert.Equal(3, (await anyone.CallAsync("sum", 1, 2)).GetInt32());
        await Assert.ThrowsAsync<InvalidOperationException>(() => anyone.ExpectMessageAsync("board:1"));
    }

    [Fact]
    public async Task Who_was_cut_off_gets_what_was_missed_or_a_gap()
    {
        await using var node = await TestNode.StartAsync(options => options.Channels.Add(new ChannelOptions { Pattern = "short:*", History = 2 }));
        await using var ann = await node.ConnectAsync("ann");
        await ann.SubscribeAsync("short:1");
        await node.Tidings.PublishAsync("short:1", 1);
        Assert.Equal(1, (await ann.ExpectMessageAsync("short:1")).Read<int>());

        ann.Cut();
        await node.Tidings.PublishAsync("short:1", 2);
        await ann.ReconnectAsync();
        Assert.Equal(2, (await ann.ExpectMessageAsync("short:1")).Read<int>());

        ann.Cut();
        for (var i = 3; i <= 6; i++)
        {
            await node.Tidings.PublishAsync("short:1", i);
        }

        await ann.ReconnectAsync();
        var gap = await ann.ExpectGapAsync("short:1");
        Assert.Equal((6L, "trimmed"), (gap.Position.Offset, gap.Reason));
        await node.Tidings.PublishAsync("short:1", 7);
        Assert.Equal(7, (await ann.ExpectMessageAsync("short:1")).Read<int>());
    }

    [Fact]
    public async Task Who_comes_back_says_again_what_was_tracked_last()
    {
        var time = new FakeTimeProvider();
        await using var node = await TestNode.StartAsync(options => options.Channels.Add(Board), time);
        await using var ann = await node.ConnectAsync("ann");
        await ann.SubscribeAsync("board:1", info: new { x = 1 });
        await ann.TrackAsync("board:1", new { x = 2 });
        ann.Cut();
        await ann.ReconnectAsync();
        Assert.Equal("""{"x":2}""", System.Text.Encoding.UTF8.GetString(Assert.Single((await node.Tidings.PresenceAsync("board:1")).Members).Info.Span));
    }

    [Fact]
    public async Task Who_comes_back_has_the_state_again_only_where_something_is_gone()
    {
        await using var node = await TestNode.StartAsync(options => options.Channels.Add(Board));
        await using var ann = await node.ConnectAsync("ann");
        await node.Tidings.PublishAsync("board:1", 1, new PublishOptions { Key = "a" });
        await ann.SubscribeAsync("board:1", state: true);
        Assert.Single(await ann.ExpectStateAsync("board:1"));
        ann.Cut();
        await node.Tidings.PublishAsync("board:1", 2, new PublishOptions { Key = "b" });
        await ann.ReconnectAsync();
        Assert.Equal("b", (await ann.ExpectMessageAsync("board:1")).Key);
        await ann.ExpectNothingAsync("board:1");

        ann.Cut();
        await node.Tidings.EraseAsync("board:1");
        await node.Tidings.PublishAsync("board:1", 3, new PublishOptions { Key = "c" });
        await ann.ReconnectAsync();
        Assert.Equal("epoch", (await ann.ExpectGapAsync("board:1")).Reason);
        Assert.Equal("c", Assert.Single(await ann.ExpectStateAsync("board:1")).Key);
        await ann.ExpectNothingAsync("board:1");
    }

    [Fact]
    public async Task A_refused_command_leaves_what_was_subscribed_as_it_is()
    {
        await using var node = await TestNode.StartAsync();
        await using var ann = await node.ConnectAsync("ann");
        await ann.SubscribeAsync("chat:1");
        await node.Tidings.PublishAsync("chat:1", 1);
        Assert.Equal("conflict", (await Assert.ThrowsAsync<TestCommandException>(() => ann.SubscribeAsync("chat:1"))).Code);
        Assert.Equal(1, (await ann.ExpectMessageAsync("chat:1")).Read<int>());
    }

    [Fact]
    public async Task What_the_server_subscribes_is_heard_and_ended()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddTidings(static options => (options.ApiKey, options.Drain) = ("the-key-of-the-server-api", TimeSpan.Zero));
        await using var app = builder.Build();
        app.MapTidings();
        app.MapTidingsApi("/api");
        await app.StartAsync();
        await using var ann = await app.ConnectTidingsAsync();
        using var http = app.GetTestClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", "the-key-of-the-server-api");
        (await http.PostAsJsonAsync("/api/subscribe", new { channel = "orders:1", connection = ann.Connection })).EnsureSuccessStatusCode();
        var at = await app.Services.GetRequiredService<ITidings>().PublishAsync("orders:1", 1);
        var message = await ann.ExpectMessageAsync("orders:1");
        Assert.Equal((1, at), (message.Read<int>(), message.Position));
        (await http.PostAsJsonAsync("/api/unsubscribe", new { channel = "orders:1", connection = ann.Connection })).EnsureSuccessStatusCode();
        Assert.Equal("not_allowed", await ann.ExpectUnsubscribedAsync("orders:1"));

        // Those that come with the connection have their place, too.
        var said = await app.Services.GetRequiredService<ITidings>().BroadcastAsync(2);
        Assert.Equal(said, (await ann.ExpectMessageAsync("all")).Position);
    }

    [Fact]
    public async Task Bytes_are_a_binary_payload_however_they_are_given()
    {
        await using var node = await TestNode.StartAsync();
        await using var ann = await node.ConnectAsync("ann");
        await ann.SubscribeAsync("chat:1");
        await ann.PublishAsync<ReadOnlyMemory<byte>>("chat:1", new byte[] { 1, 2 });
        Assert.Equal([1, 2], (await ann.ExpectMessageAsync("chat:1")).Bytes!.Value.ToArray());
    }

    [Fact]
    public async Task A_client_leaves_out_nobody_but_itself()
    {
        await using var node = await TestNode.StartAsync();
        await using var ann = await node.ConnectAsync("ann");
        await using var bob = await node.ConnectAsync("bob");
        await ann.SubscribeAsync("chat:1");
        await bob.SubscribeAsync("chat:1");
        await ann.PublishAsync("chat:1", 1, new PublishOptions { Except = [ann.Connection] });
        Assert.Equal(1, (await bob.ExpectMessageAsync("chat:1")).Read<int>());
        await ann.ExpectNothingAsync("chat:1");
        await Assert.ThrowsAsync<ArgumentException>(() => ann.PublishAsync("chat:1", 2, new PublishOptions { Except = [bob.Connection] }));
    }

    [Fact]
    public async Task A_slow_reader_has_a_gap_where_its_kind_skips()
    {
        await using var node = await TestNode.StartAsync(options =>
        {
            options.Limits.QueueBytes = 64 * 1024;
            options.Channels.Add(new ChannelOptions { Pattern = "fast:*", SlowConsumers = SlowConsumerPolicy.Skip });
        });
        await using var ann = await node.ConnectAsync("ann");
        await ann.SubscribeAsync("fast:1");
        ann.StopReading();
        var text = new string('x', 8 * 1024);
        for (var i = 0; i < 200; i++)
        {
            await node.Tidings.PublishAsync("fast:1", text);
        }

        ann.ResumeReading();
        var heard = 0;
        while (await NextIsMessageAsync(ann))
        {
            heard++;
        }

        Assert.InRange(heard, 1, 199);
    }

    [Fact]
    public async Task State_comes_whole_and_keys_go()
    {
        await using var node = await TestNode.StartAsync(options => options.Channels.Add(Board));
        await using var ann = await node.ConnectAsync("ann");
        await ann.PublishAsync("board:1", "a", new PublishOptions { Key = "card:1" });
        await using var bob = await node.ConnectAsync("bob");
        await bob.SubscribeAsync("board:1", state: true);
        Assert.Equal("card:1", Assert.Single(await bob.ExpectStateAsync("board:1")).Key);
        await ann.RemoveKeyAsync("board:1", "card:1");
        Assert.Equal(ChannelMessageKind.KeyRemoval, (await bob.ExpectMessageAsync("board:1")).Kind);
        await node.Tidings.EraseAsync("board:1");
        Assert.Equal("cleared", (await bob.ExpectGapAsync("board:1")).Reason);
    }

    [Fact]
    public async Task Two_nodes_of_one_process_share_what_nodes_share()
    {
        var time = new ManualTime();
        using var cluster = new TestCluster();
        await using var one = await TestNode.StartAsync(options => options.Channels.Add(Board), time, cluster);
        await using var two = await TestNode.StartAsync(options => options.Channels.Add(Board), time, cluster);
        await using var ann = await one.ConnectAsync("ann");
        await ann.SubscribeAsync("board:1", presence: true);
        var bob = await two.ConnectAsync("bob");
        await bob.SubscribeAsync("board:1");
        Assert.Equal("bob", (await ann.ExpectJoinAsync("board:1")).User);

        await ann.PublishAsync("board:1", "from one");
        Assert.Equal("from one", (await bob.ExpectMessageAsync("board:1")).Read<string>());
        Assert.Equal("from one", (await ann.ExpectMessageAsync("board:1")).Read<string>());
        Assert.Equal(1, await one.Tidings.SendToUserAsync("bob", "you"));
        Assert.Equal("you", await bob.ExpectDirectAsync<string>());
        Assert.Equal(2, (await one.Tidings.ChannelAsync("board:1")).Subscribers);
        Assert.Equal(2, (await two.Tidings.ConnectionsAsync()).Items.Count);

        // Back on the other node, with what was missed.
        bob.Cut();
        await ann.PublishAsync("board:1", "missed");
        await using var again = await one.ConnectAsync("bob");
        var at = (await ann.ExpectMessageAsync("board:1")).Position;
        await again.SubscribeAsync("board:1", since: at with { Offset = at.Offset - 1 });
        Assert.Equal("missed", (await again.ExpectMessageAsync("board:1")).Read<string>());
        await bob.DisposeAsync();

        Assert.Equal(1, await two.Tidings.DisconnectAsync("ann"));
        Assert.Equal("Disconnected by server", await ann.Socket.ExpectCloseAsync(4010));
    }

    [Fact]
    public async Task A_fake_time_provider_moves_a_node_too()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var node = await TestNode.StartAsync(options => options.Heartbeat.Interval = TimeSpan.FromSeconds(30), time);
        await using var ann = await node.ConnectAsync("ann");
        await ann.SubscribeAsync("chat:1");
        await node.Tidings.PublishAsync("chat:1", 1);
        Assert.Equal(time.GetUtcNow(), (await ann.ExpectMessageAsync("chat:1")).Time);

        // It answers pings; one that reads nothing is silent.
        for (var i = 0; i < 4; i++)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            await ann.ExpectNothingAsync("chat:1");
        }

        ann.StopReading();
        while ((await node.Tidings.ConnectionsAsync()).Items.Count > 0)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }
    }

    [Fact]
    public async Task A_failure_says_what_came_instead()
    {
        await using var node = await TestNode.StartAsync();
        await using var ann = await node.ConnectAsync("ann");
        await ann.SubscribeAsync("chat:1");
        await node.Tidings.PublishAsync("chat:1", "unexpected");
        var something = await Assert.ThrowsAsync<TestWebSocketException>(() => ann.ExpectNothingAsync("chat:1"));
        Assert.Contains("Expected nothing in chat:1, got {\"type\":\"message\",\"channel\":\"chat:1\"", something.Message, StringComparison.Ordinal);
        var other = await Assert.ThrowsAsync<TestWebSocketException>(() => ann.ExpectGapAsync("chat:1"));
        Assert.Contains("Expected gap in chat:1, got {\"type\":\"message\"", other.Message, StringComparison.Ordinal);
        ann.Socket.Limit = TimeSpan.FromMilliseconds(200);
        var nothing = await Assert.ThrowsAsync<TestWebSocketException>(() => ann.ExpectMessageAsync("chat:1"));
        Assert.Contains("nothing came within 0.2 s", nothing.Message, StringComparison.Ordinal);
    }

    private static async Task<bool> NextIsMessageAsync(TestClient client)
    {
        try
        {
            await client.ExpectMessageAsync("fast:1");
            return true;
        }
        catch (TestWebSocketException gap) when (gap.Message.Contains("\"reason\":\"slow\"", StringComparison.Ordinal))
        {
            return false;
        }
    }

    private sealed record Line(string Text);
}

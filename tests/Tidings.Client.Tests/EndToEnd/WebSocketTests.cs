using System.Text.Json.Serialization;
using TestKit;
using Tidings.Protocol;

namespace Tidings.Client.Tests.EndToEnd;

/// <summary>A line of a chat.</summary>
internal sealed record ChatLine(string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ChatLine))]
internal sealed partial class ChatJson : JsonSerializerContext;

/// <summary>The client and the real server over WebSocket.</summary>
public sealed class WebSocketTests
{
    [Fact]
    public async Task Two_clients_talk_with_typed_messages()
    {
        await using var world = await ClientServer.StartAsync();
        var (ann, bob) = (world.Client(), world.Client());
        await using var room = ann.Subscribe("chat:lobby", new SubscribeOptions { Last = 20, Presence = true });
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        var position = await bob.PublishAsync("chat:lobby", new ChatLine("Hello"), ChatJson.Default.ChatLine, new PublishOptions { Key = "k" });
        await foreach (var told in room)
        {
            if (told is ChannelMessage message)
            {
                Assert.Equal(new ChatLine("Hello"), message.Read(ChatJson.Default.ChatLine));
                Assert.Equal((position, "k"), (message.Position, message.Key));
                break;
            }
        }

        Assert.Equal(ClientTransport.WebSocket, ann.Transport);
        Assert.Equal(1, (await ann.PresenceAsync("chat:lobby")).Count);
        var history = await bob.HistoryAsync("chat:lobby", new HistoryOptions { Last = 1 });
        Assert.Equal(position, history.Position);
        Assert.Equal(position, history.Messages.Single().Position);
    }

    [Fact]
    public async Task A_direct_message_reaches_one_connection()
    {
        await using var world = await ClientServer.StartAsync();
        var (ann, bob) = (world.Client(), world.Client());
        var received = new TaskCompletionSource<DirectMessage>();
        bob.DirectReceived += received.SetResult;
        await bob.ConnectAsync();
        Assert.Null(await ann.SendAsync(bob.Connection!, new ChatLine("psst"), ChatJson.Default.ChatLine));
        var direct = await received.Task.WaitAsync(Eventually.Limit);
        Assert.Equal(new ChatLine("psst"), direct.Read(ChatJson.Default.ChatLine));
        Assert.Equal((null, ann.Connection), (direct.From, direct.Connection));
        Assert.Null(await ann.SendAsync("nobody", 1));
    }

    [Fact]
    public async Task What_is_not_allowed_is_refused_with_its_code()
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client();
        Assert.Equal(ErrorCode.NotAllowed, (await Assert.ThrowsAsync<TidingsException>(() => client.CallAsync<int>("none", null))).Code);
        await using var room = client.Subscribe("user:eve");
        Assert.Equal(ErrorCode.NotAllowed, (await Assert.ThrowsAsync<TidingsException>(() => room.WaitAsync())).Code);
        Assert.Equal(ErrorCode.NotDurable, (await Assert.ThrowsAsync<TidingsException>(
            () => client.PublishAsync("chat:lobby", 1, new PublishOptions { Durable = true }))).Code);
    }

    [Fact]
    public async Task Fifty_messages_of_the_time_away_come_once_and_in_order()
    {
        await using var world = await ClientServer.StartAsync();
        await using var room = world.Client().Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        await world.PublishAsync("chat:lobby", 1, 10);
        await reader.ExpectAsync(10);
        await world.Proxy.StopListeningAsync();
        world.Proxy.CutAll();
        await world.PublishAsync("chat:lobby", 11, 60);
        world.Proxy.Listen();
        await world.PublishAsync("chat:lobby", 61, 70);
        await reader.ExpectAsync(70);
        Assert.Equal([null, true], reader.Told.OfType<ChannelSubscribed>().Select(told => told.Recovered));
    }

    [Theory]
    [InlineData(Fault.Dribble)]
    [InlineData(Fault.Delay)]
    public async Task A_bad_way_loses_and_doubles_nothing(Fault fault)
    {
        await using var world = await ClientServer.StartAsync();
        (world.Proxy.Up.Fault, world.Proxy.Down.Fault) = (fault, fault);
        world.Proxy.Up.Delay = world.Proxy.Down.Delay = TimeSpan.FromMilliseconds(5);
        var client = world.Client();
        await using var room = client.Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        await Task.WhenAll(Enumerable.Range(1, 40).Select(i => client.PublishAsync("chat:lobby", i)));
        await reader.ExpectAsync(40);
    }

    [Theory]
    [InlineData(Fault.Blackhole)]
    [InlineData(Fault.Stall)]
    public async Task A_way_that_is_silently_dead_is_noticed_by_the_missing_heartbeat(Fault fault)
    {
        await using var world = await ClientServer.StartAsync(("Tidings:Heartbeat:Interval", "1s"));
        await using var room = world.Client().Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        world.Proxy.Down.Fault = fault;
        await world.PublishAsync("chat:lobby", 1, 20);
        await Eventually.TrueAsync(() => world.Proxy.Accepted > 1, "It has tried again");
        world.Proxy.Down.Fault = Fault.None;
        await reader.ExpectAsync(20);
    }

    [Fact]
    public async Task A_half_open_connection_is_noticed()
    {
        await using var world = await ClientServer.StartAsync(("Tidings:Heartbeat:Interval", "1s"));
        await using var room = world.Client().Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        world.Proxy.HalfOpenAll();
        await world.PublishAsync("chat:lobby", 1, 20);
        await reader.ExpectAsync(20);
    }

    [Fact]
    public async Task A_message_whose_answer_was_lost_has_one_entry()
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client();
        await client.PublishAsync("chat:lobby", 1);
        world.Proxy.Down.Fault = Fault.Blackhole;
        var lost = client.PublishAsync("chat:lobby", 2);
        await Eventually.TrueAsync(async () => (await world.TopAsync("chat:lobby")) == 2, () => "The server has accepted it");
        Assert.False(lost.IsCompleted);
        world.Proxy.CutAll();
        world.Proxy.Down.Fault = Fault.None;
        Assert.Equal(2, (await lost.WaitAsync(Eventually.Limit))!.Value.Offset);
        Assert.Equal(3, (await client.PublishAsync("chat:lobby", 3))!.Value.Offset);
    }

    [Fact]
    public async Task A_queue_from_the_time_away_goes_out_at_the_rate_that_the_server_takes()
    {
        await using var world = await ClientServer.StartAsync(("Tidings:Limits:MessagesPerSecond", "40"), ("Tidings:Limits:MessageBurst", "40"));
        var client = world.Client();
        await using var room = client.Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        await Task.WhenAll(Enumerable.Range(1, 100).Select(i => client.PublishAsync("chat:lobby", i))).WaitAsync(TimeSpan.FromSeconds(30));
        await Eventually.EqualAsync(100, () => reader.Numbers.Count, "Messages");
        Assert.Equal(100, reader.Numbers.Distinct().Count());
    }

    [Fact]
    public async Task A_loop_that_reads_late_gets_all_that_is_kept()
    {
        await using var world = await ClientServer.StartAsync();
        await using var room = world.Client().Subscribe("chat:lobby", new SubscribeOptions { QueueLength = 32 });
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        await world.PublishAsync("chat:lobby", 1, 2000);
        var reader = new Reader(room);
        await reader.ExpectAsync(2000);
        await world.PublishAsync("chat:lobby", 2001, 2010);
        await reader.ExpectAsync(2010);
    }

    [Fact]
    public async Task What_the_server_no_longer_keeps_is_told_as_a_gap()
    {
        await using var world = await ClientServer.StartAsync(("Tidings:Channels:0:History", "10"));
        await using var room = world.Client().Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        await world.PublishAsync("chat:lobby", 1, 1);
        await reader.ExpectAsync(1);
        await world.Proxy.StopListeningAsync();
        world.Proxy.CutAll();
        await world.PublishAsync("chat:lobby", 2, 40);
        world.Proxy.Listen();
        await Eventually.TrueAsync(() => reader.Told.OfType<ChannelGap>().Any(), "The gap was told");
        await world.PublishAsync("chat:lobby", 41, 41);
        await Eventually.EqualAsync(2, () => reader.Numbers.Count, "Messages");
        var gap = reader.Told.OfType<ChannelGap>().Single();
        Assert.Equal((2L, 40L, 40L, "trimmed"), (gap.From, gap.To, gap.Position.Offset, gap.Reason));
        Assert.Equal([1, 41], reader.Numbers);
    }

    [Fact]
    public async Task All_is_heard_without_subscribing_and_recovered_by_who_subscribes()
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client();
        var heard = new TaskCompletionSource<ChannelEvent>();
        client.ServerChannelTold += told => heard.TrySetResult(told);
        await client.ConnectAsync();
        await world.PublishAsync("all", 7, 7);
        Assert.Equal(7, Assert.IsType<ChannelMessage>(await heard.Task.WaitAsync(Eventually.Limit)).Read<int>());
        await using var all = client.Subscribe("all");
        var reader = new Reader(all);
        await all.WaitAsync().WaitAsync(Eventually.Limit);
        await world.Proxy.StopListeningAsync();
        world.Proxy.CutAll();
        await world.PublishAsync("all", 1, 5);
        world.Proxy.Listen();
        await reader.ExpectAsync(5);
    }

    [Fact]
    public async Task Disposed_it_says_goodbye_and_leaves_nothing()
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client();
        await using var room = client.Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        await client.DisposeAsync();
        await world.Server.ExpectIdleAsync();
        await Eventually.EqualAsync(0, () => world.Proxy.Count, "Connections through the proxy");
        Assert.Equal(ClientState.Closed, client.State);
        Assert.IsType<ChannelSubscribed>(reader.Told.Single());
        Assert.Throws<ObjectDisposedException>(() => client.Subscribe("chat:lobby"));
        world.Server.ExpectNothingLogged();
    }
}

using System.Collections.Concurrent;
using TestKit;
using Tidings.Protocol;

namespace Tidings.Client.Tests.EndToEnd;

/// <summary>What is found when something on the way lets WebSockets, or streams, not through; and that nothing is lost in changing.</summary>
public sealed class TransportTests
{
    private static readonly TimeSpan ThreeSeconds = TimeSpan.FromSeconds(3);

    public static TheoryData<ClientTransport> All => [ClientTransport.WebSocket, ClientTransport.ServerSentEvents, ClientTransport.LongPolling];

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_is_let_through_is_found_in_three_seconds_and_remembered(ClientTransport expected)
    {
        await using var world = await ClientServer.StartAsync();
        world.Proxy.Admits = LetsThrough(expected);
        var client = world.Client();
        var began = TimeProvider.System.GetTimestamp();
        await client.ConnectAsync();
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, ThreeSeconds);
        Assert.Equal(expected, client.Transport);
        var before = world.Proxy.Accepted;
        var changes = new List<ClientStateChange>();
        client.StateChanged += changes.Add;
        world.Proxy.CutAll();
        await Eventually.TrueAsync(() => changes.Any(static change => change.State == ClientState.Connected), "It is back");
        Assert.Equal(expected, client.Transport);
        Assert.InRange(world.Proxy.Accepted - before, 1, 3);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Fifty_messages_of_the_time_away_come_once_and_in_order(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport] });
        await world.PublishAsync("chat:lobby", 1, 5);
        await using var room = client.Subscribe("chat:lobby", new SubscribeOptions { Last = 5 });
        var reader = new Reader(room);
        await reader.ExpectAsync(5);
        await world.PublishAsync("chat:lobby", 6, 10);
        await reader.ExpectAsync(10);
        await world.Proxy.StopListeningAsync();
        world.Proxy.CutAll();
        await world.PublishAsync("chat:lobby", 11, 60);
        world.Proxy.Listen();
        await reader.ExpectAsync(60);
        await world.PublishAsync("chat:lobby", 61, 62);
        await reader.ExpectAsync(62);
        Assert.Empty(reader.Told.OfType<ChannelGap>());
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Commands_go_up_on_every_transport(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport] });
        var position = await client.PublishAsync("chat:lobby", 1);
        Assert.Equal(1, position!.Value.Offset);
        Assert.Equal(position, (await client.HistoryAsync("chat:lobby")).Position);
        Assert.Null(await client.SendAsync("nobody", 1));
        Assert.Equal(ErrorCode.NotAllowed, (await Assert.ThrowsAsync<TidingsException>(() => client.CallAsync<int>("none", null))).Code);
        var all = await Task.WhenAll(Enumerable.Range(2, 99).Select(i => client.PublishAsync("chat:lobby", i))).WaitAsync(Eventually.Limit);
        Assert.Equal(Enumerable.Range(2, 99), all.Select(static at => (int)at!.Value.Offset));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Channels_come_and_go_while_the_stream_runs(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport] });
        var rooms = Enumerable.Range(0, 8).Select(i => client.Subscribe($"chat:{i}")).ToList();
        var readers = rooms.ConvertAll(static room => new Reader(room));
        foreach (var room in rooms)
        {
            await room.WaitAsync().WaitAsync(Eventually.Limit);
        }

        for (var i = 0; i < 8; i++)
        {
            await world.PublishAsync($"chat:{i}", 1, 3);
        }

        foreach (var reader in readers)
        {
            await reader.ExpectAsync(3);
        }

        await rooms[0].DisposeAsync();
        await world.PublishAsync("chat:0", 4, 4);
        await world.PublishAsync("chat:1", 4, 4);
        await readers[1].ExpectAsync(4);
        Assert.Equal([1, 2, 3], readers[0].Numbers);
    }

    [Theory]
    [InlineData(ClientTransport.ServerSentEvents)]
    [InlineData(ClientTransport.LongPolling)]
    public async Task A_channel_that_is_refused_ends_alone(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport] });
        await using var room = client.Subscribe("chat:lobby");
        await using var other = client.Subscribe("user:eve");
        Assert.Equal(ErrorCode.NotAllowed, (await Assert.ThrowsAsync<TidingsException>(() => other.WaitAsync().WaitAsync(Eventually.Limit))).Code);
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        await world.PublishAsync("chat:lobby", 1, 1);
        await reader.ExpectAsync(1);
    }

    [Theory]
    [InlineData(ClientTransport.ServerSentEvents)]
    [InlineData(ClientTransport.LongPolling)]
    public async Task The_seventeenth_channel_is_refused_over_plain_requests(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport] });
        for (var i = 0; i < 16; i++)
        {
            await client.Subscribe($"chat:{i}").WaitAsync().WaitAsync(Eventually.Limit);
        }

        var one = client.Subscribe("chat:16");
        Assert.Equal(ErrorCode.TooMany, (await Assert.ThrowsAsync<TidingsException>(() => one.WaitAsync().WaitAsync(Eventually.Limit))).Code);
    }

    [Fact]
    public async Task Joins_leaves_and_direct_messages_come_over_events()
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [ClientTransport.ServerSentEvents] });
        var direct = new TaskCompletionSource<DirectMessage>();
        client.DirectReceived += direct.SetResult;
        await using var room = client.Subscribe("chat:lobby", new SubscribeOptions { Presence = true });
        var reader = new Reader(room);
        await Eventually.TrueAsync(() => reader.Told.OfType<ChannelSubscribed>().Any(static told => told.Presence is not null), "Members were told");
        var other = world.Client();
        await using var same = other.Subscribe("chat:lobby");
        await Eventually.TrueAsync(() => reader.Told.OfType<ChannelJoin>().Any(), "A join was told");
        await other.SendAsync(client.Connection!, 5);
        Assert.Equal("5"u8.ToArray(), (await direct.Task.WaitAsync(Eventually.Limit)).Data.ToArray());
    }

    [Fact]
    public async Task Changing_transport_again_and_again_loses_and_doubles_nothing()
    {
        await using var world = await ClientServer.StartAsync(("Tidings:Heartbeat:Interval", "1s"));
        var used = new List<ClientTransport>();
        var client = world.Client(random: static () => 0.01);
        var steps = new ConcurrentQueue<ClientStateChange>();
        client.StateChanged += change =>
        {
            steps.Enqueue(change);
            if (change.Transport is { } transport)
            {
                used.Add(transport);
            }
        };
        await using var room = client.Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        var published = 0;
        ClientTransport[] order = [ClientTransport.ServerSentEvents, ClientTransport.LongPolling, ClientTransport.WebSocket];
        for (var round = 0; round < 6; round++)
        {
            var next = order[round % order.Length];
            await world.PublishAsync("chat:lobby", published + 1, published += 20);
            world.Proxy.Admits = Only(next);
            world.Proxy.CutAll();
            await world.PublishAsync("chat:lobby", published + 1, published += 20);
            await Eventually.TrueAsync(() => Task.FromResult(client.Transport == next), () => $"It has changed to {next}, by {string.Join("; ", steps)}");
            await world.PublishAsync("chat:lobby", published + 1, published += 20);
        }

        await reader.ExpectAsync(published);
        Assert.Equal([ClientTransport.WebSocket, .. order, .. order], used);
        Assert.Empty(reader.Told.OfType<ChannelGap>());
    }

    [Theory]
    [InlineData(ClientTransport.WebSocket)]
    [InlineData(ClientTransport.ServerSentEvents)]
    [InlineData(ClientTransport.LongPolling)]
    public async Task Cut_again_and_again_it_loses_and_doubles_nothing(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport] }, static () => 0.01);
        await using var room = client.Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        for (var round = 0; round < 20; round++)
        {
            await world.PublishAsync("chat:lobby", (round * 20) + 1, (round * 20) + 10);
            world.Proxy.CutAll();
            await world.PublishAsync("chat:lobby", (round * 20) + 11, (round * 20) + 20);
        }

        await reader.ExpectAsync(400);
    }

    [Fact]
    public async Task A_stream_that_is_silently_dead_is_noticed_by_the_missing_comments()
    {
        await using var world = await ClientServer.StartAsync(("Tidings:Heartbeat:Interval", "1s"));
        await using var room = world.Client(new TidingsClientOptions { Transports = [ClientTransport.ServerSentEvents] }).Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        world.Proxy.Down.Fault = Fault.Blackhole;
        await world.PublishAsync("chat:lobby", 1, 20);
        var before = world.Proxy.Accepted;
        await Eventually.TrueAsync(() => world.Proxy.Accepted > before, "It has tried again");
        world.Proxy.Down.Fault = Fault.None;
        await reader.ExpectAsync(20);
    }

    private static Func<string, bool> LetsThrough(ClientTransport worst) =>
        head => Kind(head) is not { } kind || kind >= worst;

    private static Func<string, bool> Only(ClientTransport one) => head => Kind(head) is not { } kind || kind == one;

    // Commands by POST are let through wherever plain requests are.
    private static ClientTransport? Kind(string head)
    {
        if (head.Contains("Upgrade: websocket", StringComparison.OrdinalIgnoreCase))
        {
            return ClientTransport.WebSocket;
        }

        if (head.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase))
        {
            return ClientTransport.ServerSentEvents;
        }

        return head.StartsWith("GET ", StringComparison.Ordinal) ? ClientTransport.LongPolling : null;
    }
}

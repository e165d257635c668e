using System.Collections.Concurrent;
using TestKit;
using Tidings.Protocol;

namespace Tidings.Client.Tests.EndToEnd;

/// <summary>What a channel brings is the same over every transport.</summary>
public sealed class MessageTests
{
    [Theory]
    [MemberData(nameof(TransportTests.All), MemberType = typeof(TransportTests))]
    public async Task Who_excepts_itself_hears_only_the_others_and_events_come_by_name(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport] });
        await using var room = client.Subscribe("chat:lobby");
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        await room.PublishAsync(1, new PublishOptions { Event = "moved", Except = true });
        await room.PublishAsync(2, new PublishOptions { Except = true });
        await room.PublishAsync(3);
        await room.PublishAsync(4, new PublishOptions { Event = "paid" });
        await using var paid = room.EventsAsync("paid").GetAsyncEnumerator();
        Assert.True(await paid.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        Assert.Equal((4, "paid", true), (paid.Current.Read<int>(), paid.Current.Event, paid.Current.IsOwn));
        Assert.Equal(["moved", null, null, "paid"], (await room.HistoryAsync()).Messages.Select(static message => message.Event));
    }

    [Theory]
    [MemberData(nameof(TransportTests.All), MemberType = typeof(TransportTests))]
    public async Task Bytes_come_as_they_were_said_whether_binary_frames_carry_them_or_not(ClientTransport transport)
    {
        byte[] payload = [0xFF, 0x0A, 0x00, 0xC3, 0x28];
        await using var world = await ClientServer.StartAsync();
        foreach (var binary in new[] { false, true })
        {
            var client = world.Client(new TidingsClientOptions { Transports = [transport], Binary = binary });
            await using var room = client.Subscribe($"chat:{binary}");
            await room.WaitAsync().WaitAsync(Eventually.Limit);
            await room.PublishAsync(payload);
            await client.PublishAsync(room.Channel, payload.AsMemory());
            await room.PublishAsync((ReadOnlyMemory<byte>)payload, new PublishOptions { Event = "e" });
            await room.PublishAsync(ReadOnlyMemory<byte>.Empty);
            await room.PublishAsync("json");
            await using var loop = room.OfType<ChannelMessage>().GetAsyncEnumerator();
            for (var i = 1; i <= 5; i++)
            {
                Assert.True(await loop.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
                var message = loop.Current;
                Assert.Equal((i, true), (message.Position!.Value.Offset, message.IsOwn));
                Assert.Equal(i < 4 ? payload : i == 4 ? [] : null, message.Bytes?.ToArray());
                Assert.Equal(i < 5, message.Data.IsEmpty);
                Assert.Equal(i < 5 ? null : "json", i < 5 ? null : message.Read<string>());
            }

            var kept = (await room.HistoryAsync()).Messages;
            Assert.Equal(payload, kept[0].Read<byte[]>());
            Assert.Equal("e", kept[2].Event);
            Assert.Throws<System.Text.Json.JsonException>(() => kept[0].Read<string>());
        }
    }

    [Fact]
    public async Task In_a_map_bytes_are_values()
    {
        await using var world = await ClientServer.StartAsync(("Tidings:Channels:1:Pattern", "board:*"), ("Tidings:Channels:1:Publish", "anyone"), ("Tidings:Channels:1:State", "true"));
        var client = world.Client(new TidingsClientOptions { Binary = true });
        await using var map = client.SubscribeMap<byte[]>("board:a");
        await map.WaitAsync().WaitAsync(Eventually.Limit);
        await map.SetAsync("k", [1, 0xFF]);
        await Eventually.TrueAsync(() => map.Count == 1, "the value is there");
        Assert.Equal([1, 0xFF], map["k"]!);
        await using var other = world.Client().SubscribeMap<byte[]>("board:a");
        await other.WaitAsync().WaitAsync(Eventually.Limit);
        Assert.Equal([1, 0xFF], other["k"]!);
    }

    [Theory]
    [MemberData(nameof(TransportTests.All), MemberType = typeof(TransportTests))]
    public async Task Messages_that_one_does_not_want_to_hear_are_left_out_in_order(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport] });
        await using var room = client.Subscribe("chat:lobby");
        var told = new ConcurrentQueue<int>();
        var loop = Task.Run(async () =>
        {
            await foreach (var message in room.OfType<ChannelMessage>())
            {
                told.Enqueue(message.Read<int>());
            }
        });
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        for (var i = 1; i <= 20; i++)
        {
            await room.PublishAsync(i, new PublishOptions { Except = i % 2 == 0 });
        }

        await room.PublishAsync(21);
        await Eventually.TrueAsync(() => told.Contains(21), "the last one was told");
        Assert.Equal(Enumerable.Range(1, 21).Where(static i => i % 2 == 1), told);
        await room.DisposeAsync();
        await loop;
    }

    [Theory]
    [MemberData(nameof(TransportTests.All), MemberType = typeof(TransportTests))]
    public async Task The_state_comes_first_and_again_where_it_cannot_be_followed_any_more(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport] });
        var tidings = world.Server.Services.Node.Facade;
        var loads = 0;
        await world.PublishAsync("chat:lobby", 1, 3);
        await using var room = client.Subscribe("chat:lobby", new SubscribeOptions
        {
            Load = async cancellationToken =>
            {
                // The first cannot be had; the second is older than what is kept.
                var load = ++loads;
                var top = (await tidings.HistoryAsync("chat:lobby", limit: 0, cancellationToken: cancellationToken)).Position;
                return load == 1 ? throw new InvalidOperationException("not now") : new LoadedState(load == 2 ? new StreamPosition("another", 1) : top, $"state {load}");
            },
        });
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() => reader.Told.OfType<ChannelLoaded>().Any(static loaded => loaded.State is "state 3"), "a state that can be followed was loaded");
        await world.PublishAsync("chat:lobby", 4, 5);
        await Eventually.TrueAsync(() => reader.Told.OfType<ChannelMessage>().Count() == 2, "what follows was told");
        Assert.Equal("not now", reader.Told.OfType<ChannelError>().Single().Error);
        Assert.Equal(["state 2", "state 3"], reader.Told.OfType<ChannelLoaded>().Select(static loaded => loaded.State));
        Assert.Equal([4L, 5], reader.Told.OfType<ChannelMessage>().Select(static message => message.Position!.Value.Offset));
        Assert.Equal(5, room.Position!.Value.Offset);
        await tidings.EraseAsync("chat:lobby");
        await Eventually.TrueAsync(() => reader.Told.OfType<ChannelLoaded>().Any(static loaded => loaded.State is "state 4"), "the state was loaded over the gap");
        await world.PublishAsync("chat:lobby", 6, 6);
        await Eventually.TrueAsync(() => reader.Told[^1] is ChannelMessage { Position.Offset: 1 }, "what follows was told");
        Assert.Throws<ArgumentException>(() => client.Subscribe("chat:lobby", new SubscribeOptions { Last = 1, Load = static _ => throw new InvalidOperationException() }));
    }

    [Theory]
    [MemberData(nameof(TransportTests.All), MemberType = typeof(TransportTests))]
    public async Task What_was_erased_is_told_and_is_an_empty_place_in_the_history(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport] });
        await using var room = client.Subscribe("chat:lobby");
        var reader = new Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        await world.PublishAsync("chat:lobby", 1, 3);
        await reader.ExpectAsync(3);
        var position = (await room.HistoryAsync(new HistoryOptions { Limit = 0 })).Position;
        var erased = position with { Offset = 2 };
        Assert.Equal(1, await world.Server.Services.Node.Facade.EraseAsync("chat:lobby", erased));
        if (transport != ClientTransport.LongPolling)
        {
            await Eventually.TrueAsync(() => reader.Told.OfType<ChannelRemoved>().Any(removed => removed.Position == erased), "it was told");
        }

        Assert.Equal([false, true, false], (await room.HistoryAsync()).Messages.Select(static message => message.IsRemoved));
        await using var late = client.Subscribe("chat:lobby", new SubscribeOptions { Since = position with { Offset = 0 } });
        var lateReader = new Reader(late);
        await Eventually.TrueAsync(() => lateReader.Told.OfType<ChannelMessage>().Count() == 2, "what is left was told");
        Assert.Equal([erased], lateReader.Told.OfType<ChannelRemoved>().Select(static removed => removed.Position));
        await world.PublishAsync("chat:lobby", 4, 4);
        await reader.ExpectAsync(4);
        Assert.Equal(4, await world.Server.Services.Node.Facade.EraseAsync("chat:lobby"));
        await Eventually.TrueAsync(() => reader.Told.OfType<ChannelGap>().Any(), "the gap was told");
        if (transport != ClientTransport.LongPolling)
        {
            Assert.Equal("cleared", reader.Told.OfType<ChannelGap>().Single().Reason);
        }
    }
}

using System.Text.Json.Nodes;
using Tidings.Client.Tests.World;
using Tidings.Protocol;

namespace Tidings.Client.Tests.Units;

/// <summary>A loop that is slower than its channel: bounded, and it misses nothing that is kept.</summary>
public sealed class LaggingTests : IAsyncDisposable
{
    private readonly ScriptedServer _server = new();
    private readonly TidingsClient _client;

    public LaggingTests() => _client = _server.Client();

    [Fact]
    public async Task What_the_queue_cannot_hold_is_read_from_the_history()
    {
        var (transport, told) = await SubscribeAsync();
        await SayAsync(transport, 1, 40);
        var offsets = new List<long>();
        for (var i = 0; i < 15; i++)
        {
            offsets.Add(await OffsetAsync(told));
        }

        // The queue held the answer and fifteen messages; from there on the history is asked.
        var asked = (await transport.SentAsync(1, 1))[0];
        Assert.Equal(("history", 15, 16), ((string?)asked["type"], (int)asked["since"]!["offset"]!, (int)asked["limit"]!));
        await HistoryAsync(transport, asked, 16, 31, top: 40);
        for (var i = 0; i < 16; i++)
        {
            offsets.Add(await OffsetAsync(told));
        }

        asked = (await transport.SentAsync(1, 2))[0];
        await HistoryAsync(transport, asked, 32, 40, top: 40);
        await SayAsync(transport, 41, 42);
        for (var i = 0; i < 11; i++)
        {
            offsets.Add(await OffsetAsync(told));
        }

        Assert.Equal(Enumerable.Range(1, 42).Select(i => (long)i), offsets);
    }

    [Fact]
    public async Task Messages_that_come_while_the_history_is_read_are_neither_lost_nor_doubled()
    {
        var (transport, told) = await SubscribeAsync();
        await SayAsync(transport, 1, 16);
        var offsets = new List<long>();
        for (var i = 0; i < 15; i++)
        {
            offsets.Add(await OffsetAsync(told));
        }

        var asked = (await transport.SentAsync(1, 1))[0];
        await SayAsync(transport, 17, 18);
        await HistoryAsync(transport, asked, 16, 16, top: 16);
        offsets.Add(await OffsetAsync(told));
        asked = (await transport.SentAsync(1, 2))[0];
        await HistoryAsync(transport, asked, 17, 18, top: 18);
        await SayAsync(transport, 18, 19);
        for (var i = 0; i < 3; i++)
        {
            offsets.Add(await OffsetAsync(told));
        }

        Assert.Equal(Enumerable.Range(1, 19).Select(i => (long)i), offsets);
    }

    [Fact]
    public async Task What_is_no_longer_kept_is_told_as_one_gap()
    {
        var (transport, told) = await SubscribeAsync();
        await SayAsync(transport, 1, 40);
        for (var i = 0; i < 15; i++)
        {
            await OffsetAsync(told);
        }

        var asked = (await transport.SentAsync(1, 1))[0];
        await transport.SayAsync($$"""{"type":"history","id":{{asked["id"]}},"channel":"chat:news","recovered":false,"epoch":"e","offset":40,"messages":[]}""");
        await SayAsync(transport, 41, 41);
        Assert.Equal(new ChannelGap("chat:news", new StreamPosition("e", 40), 16, 40, "trimmed"), await NextAsync(told));
        Assert.Equal(41, await OffsetAsync(told));
    }

    [Fact]
    public async Task A_jump_that_no_gap_announces_is_no_loss()
    {
        var (transport, told) = await SubscribeAsync();
        Assert.IsType<ChannelSubscribed>(await NextAsync(told));
        await SayAsync(transport, 1, 1);
        Assert.Equal(1, await OffsetAsync(told));
        await SayAsync(transport, 4, 5);
        Assert.Equal(4, await OffsetAsync(told));
        Assert.Equal(5, await OffsetAsync(told));
    }

    [Fact]
    public async Task A_loop_that_lags_when_the_connection_ends_goes_on_from_the_history_of_the_next()
    {
        var (transport, told) = await SubscribeAsync();
        await SayAsync(transport, 1, 40);
        transport.End(1006);
        var next = await _server.ConnectAsync();
        var again = (await next.SentAsync(1))[0];
        Assert.Null(again["since"]);
        await next.SayAsync($$"""{"type":"subscribed","id":{{again["id"]}},"channel":"chat:news","epoch":"e","offset":60}""");
        for (var i = 1; i <= 15; i++)
        {
            Assert.Equal(i, await OffsetAsync(told));
        }

        var asked = (await next.SentAsync(1, 1))[0];
        Assert.Equal(15, (int)asked["since"]!["offset"]!);
        await HistoryAsync(next, asked, 16, 31, top: 60);
        Assert.Equal(16, await OffsetAsync(told));
    }

    [Fact]
    public async Task After_joins_were_passed_by_the_list_of_members_comes_anew()
    {
        var (transport, told) = await SubscribeAsync(presence: true);
        await SayAsync(transport, 1, 15);
        await transport.SayAsync("""{"type":"join","channel":"chat:news","member":{"user":"bob","connections":1}}""");
        for (var i = 1; i <= 15; i++)
        {
            await OffsetAsync(told);
        }

        var asked = (await transport.SentAsync(1, 1))[0];
        await transport.SayAsync($$"""{"type":"history","id":{{asked["id"]}},"channel":"chat:news","recovered":true,"epoch":"e","offset":15,"messages":[]}""");
        asked = (await transport.SentAsync(1, 2))[0];
        Assert.Equal("presence", (string?)asked["type"]);
        await transport.SayAsync($$"""{"type":"presence","id":{{asked["id"]}},"channel":"chat:news","members":[{"user":"bob","connections":1}],"count":1}""");
        Assert.Equal("bob", Assert.IsType<ChannelSubscribed>(await NextAsync(told)).Presence!.Members.Single().User);
    }

    [Fact]
    public async Task Two_loops_at_once_are_refused()
    {
        var (_, told) = await SubscribeAsync();
        Assert.IsType<ChannelSubscribed>(await NextAsync(told));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await _room!.GetAsyncEnumerator().MoveNextAsync());
    }

    [Fact]
    public async Task A_subscription_that_was_disposed_asks_for_nothing_more()
    {
        var (transport, told) = await SubscribeAsync();
        await SayAsync(transport, 1, 40);
        await _room!.DisposeAsync();
        var events = 0;
        while (await told.MoveNextAsync())
        {
            events++;
        }

        Assert.Equal(16, events);
        await SayAsync(transport, 41, 42);
        Assert.Equal(["subscribe", "unsubscribe"], (await transport.SentAsync(2)).Select(command => (string?)command["type"]));
    }

    [Fact]
    public async Task An_answer_to_somebody_who_has_gone_asks_for_nothing_more()
    {
        var room = _client.Subscribe("chat:news");
        var transport = await _server.ConnectAsync();
        var command = (await transport.SentAsync(1))[0];
        await room.DisposeAsync();
        await transport.SayAsync($$"""{"type":"subscribed","id":{{command["id"]}},"channel":"chat:news","epoch":"e","offset":7}""");
        await SayAsync(transport, 8, 9);
        Assert.Equal(["subscribe", "unsubscribe"], (await transport.SentAsync(2)).Select(one => (string?)one["type"]));
    }

    private ChannelSubscription? _room;

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task<(ScriptedTransport, IAsyncEnumerator<ChannelEvent>)> SubscribeAsync(bool presence = false)
    {
        _room = _client.Subscribe("chat:news", new SubscribeOptions { QueueLength = 16, Presence = presence });
        var transport = await _server.ConnectAsync();
        var command = (await transport.SentAsync(1))[0];
        await transport.SayAsync($$"""{"type":"subscribed","id":{{command["id"]}},"channel":"chat:news","epoch":"e","offset":0}""");
        return (transport, _room.GetAsyncEnumerator());
    }

    private static async Task SayAsync(ScriptedTransport transport, int from, int to)
    {
        for (var offset = from; offset <= to; offset++)
        {
            await transport.SayAsync($$"""{"type":"message","channel":"chat:news","offset":{{offset}},"data":{{offset}},"time":1}""");
        }
    }

    private static Task HistoryAsync(ScriptedTransport transport, JsonObject asked, int from, int to, int top)
    {
        var messages = Enumerable.Range(from, to - from + 1).Select(offset => $$"""{"offset":{{offset}},"data":{{offset}},"time":1}""");
        return transport.SayAsync(
            $$"""{"type":"history","id":{{asked["id"]}},"channel":"chat:news","recovered":true,"epoch":"e","offset":{{top}},"messages":[{{string.Join(',', messages)}}]}""");
    }

    private static async Task<ChannelEvent> NextAsync(IAsyncEnumerator<ChannelEvent> told)
    {
        Assert.True(await told.MoveNextAsync().AsTask().WaitAsync(TestKit.Eventually.Limit));
        return told.Current;
    }

    // The answer to subscribing is passed over.
    private static async Task<long> OffsetAsync(IAsyncEnumerator<ChannelEvent> told)
    {
        var next = await NextAsync(told);
        return next is ChannelSubscribed ? await OffsetAsync(told) : Assert.IsType<ChannelMessage>(next).Position!.Value.Offset;
    }
}

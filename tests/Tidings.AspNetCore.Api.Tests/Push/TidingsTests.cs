using System.Text;
using System.Text.Json.Serialization;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Api.Tests.Push;

public sealed partial class TidingsTests
{
    [Fact]
    public async Task Values_contracts_and_raw_json_are_published()
    {
        await using var app = await TestApp.StartAsync();
        await using var client = await app.ConnectAsync();
        await client.SubscribeAsync("o");
        var first = await app.Tidings.PublishAsync("o", new Order(7, "Tea"));
        Assert.Equal(1, first!.Value.Offset);
        await app.Tidings.PublishAsync("o", new Order(8, "Rye"), Contracts.Default.Order);
        await app.Tidings.PublishJsonAsync("o", "{ \"id\" :\n 9 }"u8.ToArray());
        Assert.Null(await app.Tidings.PublishAsync("o", 1, new PublishOptions { Ephemeral = true }));
        Assert.Equal("Tea", (await client.ExpectAsync("message")).GetProperty("data").GetProperty("name").GetString());
        Assert.Equal("Rye", (await client.ExpectAsync("message")).GetProperty("data").GetProperty("Name").GetString());
        Assert.Contains("{ \"id\" : 9 }", await client.ReceiveAsync(), StringComparison.Ordinal);
        await client.ExpectAsync("message");
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Tidings.PublishAsync("a b", 1));
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Tidings.PublishJsonAsync("o", "{"u8.ToArray()));
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Tidings.PublishJsonAsync("o", new byte[] { (byte)'"', 0xC3, (byte)'"' }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Tidings.PublishJsonAsync("o", Encoding.UTF8.GetBytes(new string('[', 100_000))));
    }

    [Fact]
    public async Task A_subscription_begins_where_it_is_told_and_goes_on_live()
    {
        await using var app = await TestApp.StartAsync();
        for (var i = 1; i <= 5; i++)
        {
            await app.Tidings.PublishAsync("s", i);
        }

        var position = (await app.Tidings.HistoryAsync("s", limit: 0)).Position;
        await using var last = app.Tidings.SubscribeAsync("s", new SubscribeOptions { Last = 2 }).GetAsyncEnumerator();
        await using var since = app.Tidings.SubscribeAsync("s", new SubscribeOptions { Since = position with { Offset = 3 } }).GetAsyncEnumerator();
        await using var live = app.Tidings.SubscribeAsync("s").GetAsyncEnumerator();
        var waiting = live.MoveNextAsync();
        Assert.Equal([4, 5], await TakeAsync(last, 2));
        Assert.Equal([4, 5], await TakeAsync(since, 2));
        await app.Tidings.PublishAsync("s", 6);
        Assert.Equal([6], await TakeAsync(last, 1));
        Assert.Equal([6], await TakeAsync(since, 1));
        Assert.True(await waiting);
        Assert.Equal(6, live.Current.Read<int>());
        Assert.Equal(6, live.Current.Position.Offset);
    }

    [Fact]
    public async Task What_is_gone_is_announced_before_the_next_message()
    {
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("s").WithHistory(2));
        for (var i = 1; i <= 5; i++)
        {
            await app.Tidings.PublishAsync("s", i);
        }

        var top = (await app.Tidings.HistoryAsync("s", limit: 0)).Position;
        await using var trimmed = app.Tidings.SubscribeAsync("s", new SubscribeOptions { Since = top with { Offset = 1 } }).GetAsyncEnumerator();
        await ExpectGapAsync(trimmed, top, "trimmed");
        await using var other = app.Tidings.SubscribeAsync("s", new SubscribeOptions { Since = new StreamPosition("other", 1) }).GetAsyncEnumerator();
        await ExpectGapAsync(other, top, "epoch");
        await app.Tidings.PublishAsync("s", 6);
        Assert.Equal([6], await TakeAsync(trimmed, 1));
        Assert.Equal([6], await TakeAsync(other, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task A_loop_that_lags_reads_on_from_the_history_once_and_in_order(int queue)
    {
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("s").WithHistory(1000));
        await using var lagging = app.Tidings.SubscribeAsync("s", new SubscribeOptions { QueueLength = queue }).GetAsyncEnumerator();
        var first = lagging.MoveNextAsync();
        for (var i = 1; i <= 700; i++)
        {
            await app.Tidings.PublishAsync("s", i);
        }

        Assert.True(await first);
        Assert.Equal(1, lagging.Current.Read<int>());
        Assert.Equal(Enumerable.Range(2, 699), await TakeAsync(lagging, 699));
    }

    [Fact]
    public async Task A_loop_that_lags_past_the_history_is_told_so()
    {
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("s").WithHistory(3));
        await using var lagging = app.Tidings.SubscribeAsync("s", new SubscribeOptions { QueueLength = 2 }).GetAsyncEnumerator();
        var first = lagging.MoveNextAsync();
        for (var i = 1; i <= 100; i++)
        {
            await app.Tidings.PublishAsync("s", i);
        }

        Assert.True(await first);
        var seen = new List<int> { lagging.Current.Read<int>() };
        while (await lagging.MoveNextAsync() && lagging.Current.Kind == ChannelMessageKind.Message)
        {
            seen.Add(lagging.Current.Read<int>());
        }

        Assert.Equal(Enumerable.Range(1, seen.Count), seen);
        Assert.Equal(("trimmed", 100L), (lagging.Current.Reason, lagging.Current.Position.Offset));
        await app.Tidings.PublishAsync("s", 101);
        Assert.Equal([101], await TakeAsync(lagging, 1));
    }

    [Fact]
    public async Task Subscriptions_end_with_their_token_and_leave_nothing_behind()
    {
        await using var app = await TestApp.StartAsync();
        using var stop = new CancellationTokenSource();
        var enumerator = app.Tidings.SubscribeAsync("s", cancellationToken: stop.Token).GetAsyncEnumerator();
        var next = enumerator.MoveNextAsync().AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        await enumerator.DisposeAsync();
        Assert.Equal(0, (await app.GetAsync("info")).Json.GetProperty("channels").GetInt32());
    }

    [Fact]
    public async Task Send_disconnect_presence_and_broadcast_reach_clients()
    {
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("p").WithPresence());
        await using var anna = await app.ConnectAsync("anna");
        await using var ben = await app.ConnectAsync("ben");
        await anna.SubscribeAsync("p");
        Assert.Equal("anna", Assert.Single((await app.Tidings.PresenceAsync("p")).Members).User);
        Assert.Equal(1, await app.Tidings.SendToUserAsync("anna", new Order(1, "Tea")));
        Assert.Equal("Tea", (await anna.ExpectAsync("direct")).GetProperty("data").GetProperty("name").GetString());
        Assert.Equal(0, await app.Tidings.SendToUserAsync("nobody", 1));
        Assert.Null(await app.Tidings.BroadcastAsync("hello", except: ["ben"]));
        Assert.Equal("hello", (await anna.ExpectAsync("message")).GetProperty("data").GetString());
        Assert.Equal(1, (await app.Tidings.BroadcastAsync("all"))!.Value.Offset);
        Assert.Equal("all", (await ben.ExpectAsync("message")).GetProperty("data").GetString());
        await anna.ExpectAsync("message");
        Assert.Equal(1, await app.Tidings.DisconnectAsync("anna"));
        await anna.Socket.ExpectCloseAsync(4010, "Disconnected by server");
        Assert.Equal(1, await app.Tidings.DisconnectAsync(ben.Id, new DisconnectCode(4300, "later")));
        await ben.Socket.ExpectCloseAsync(4300, "later");
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Tidings.DisconnectAsync("x", new DisconnectCode(1005, "")));
    }

    private static async Task<List<int>> TakeAsync(IAsyncEnumerator<ChannelMessage> messages, int count)
    {
        var taken = new List<int>();
        while (taken.Count < count && await messages.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit))
        {
            Assert.Equal(ChannelMessageKind.Message, messages.Current.Kind);
            taken.Add(messages.Current.Read<int>());
        }

        return taken;
    }

    private static async Task ExpectGapAsync(IAsyncEnumerator<ChannelMessage> messages, StreamPosition position, string reason)
    {
        Assert.True(await messages.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        Assert.Equal((ChannelMessageKind.Gap, position, reason), (messages.Current.Kind, messages.Current.Position, messages.Current.Reason));
    }

    internal sealed record Order(int Id, string Name);

    [JsonSerializable(typeof(Order))]
    internal sealed partial class Contracts : JsonSerializerContext;
}

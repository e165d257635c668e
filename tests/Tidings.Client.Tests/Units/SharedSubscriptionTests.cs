using Tidings.Client.Tests.World;
using Tidings.Protocol;

namespace Tidings.Client.Tests.Units;

/// <summary>Several subscriptions of one channel: one for the server, each with its own beginning and end.</summary>
public sealed class SharedSubscriptionTests : IAsyncDisposable
{
    private const string Recovered = ",\"recovered\":true";
    private const string Lost = ",\"recovered\":false";

    private readonly ScriptedServer _server = new();
    private readonly TidingsClient _client;
    private ScriptedTransport? _transport;

    public SharedSubscriptionTests() => _client = _server.Client();

    [Fact]
    public async Task Both_hear_each_message_and_the_server_knows_one()
    {
        var (first, second) = (Listen(), Listen());
        var channel = await ConnectAsync();
        await channel.SubscribedAsync(0);
        await channel.SayAsync(1, 2);
        await first.ExpectAsync("subscribed", "1", "2");
        await second.ExpectAsync("subscribed", "1", "2");
        Assert.Equal(["subscribe"], channel.Sent());
    }

    [Fact]
    public async Task Each_ends_by_itself_and_the_server_hears_of_the_last()
    {
        var rooms = Enumerable.Range(0, 3).Select(_ => _client.Subscribe("chat:a")).ToList();
        var listeners = rooms.ConvertAll(static room => new Listener(room));
        var channel = await ConnectAsync();
        await channel.SubscribedAsync(0);
        await channel.SayAsync(1);
        await rooms[0].DisposeAsync();
        await rooms[0].DisposeAsync();
        await channel.SayAsync(2);
        await rooms[1].DisposeAsync();
        await channel.SayAsync(3);
        await listeners[0].Reading;
        await listeners[1].Reading;
        await listeners[2].ExpectAsync("subscribed", "1", "2", "3");
        Assert.Equal(["subscribed", "1"], listeners[0].Told);
        Assert.Equal(["subscribed", "1", "2"], listeners[1].Told);
        Assert.Equal(["subscribe"], channel.Sent());
        await rooms[2].DisposeAsync();
        await _transport!.SentAsync(2);
        Assert.Equal(["subscribe", "unsubscribe"], channel.Sent());
    }

    [Fact]
    public async Task Whoever_joins_with_nothing_of_the_past_begins_with_what_comes()
    {
        Listen();
        var channel = await ConnectAsync();
        await channel.SubscribedAsync(0);
        await channel.SayAsync(1, 2);
        var late = Listen();
        await channel.SayAsync(3);
        await late.ExpectAsync("subscribed", "3");
        Assert.Equal(["subscribe"], channel.Sent());
    }

    [Fact]
    public async Task Whoever_joins_with_the_newest_messages_gets_them_and_each_once()
    {
        var early = Listen();
        var channel = await ConnectAsync();
        await channel.SubscribedAsync(0);
        await channel.SayAsync(1, 2);
        var late = Listen(new SubscribeOptions { Last = 2 });
        await channel.SayAsync(3);
        Assert.Equal(2, (int?)(await channel.HistoryAsync(3, [2, 3]))["last"]);
        await channel.SayAsync(4);
        await late.ExpectAsync("subscribed", "2", "3", "4");
        await early.ExpectAsync("subscribed", "1", "2", "3", "4");
    }

    [Fact]
    public async Task What_comes_between_the_history_and_the_place_among_the_others_is_read_as_well()
    {
        Listen();
        var channel = await ConnectAsync();
        await channel.SubscribedAsync(0);
        var late = Listen(new SubscribeOptions { Last = 1 });
        await channel.SayAsync(1, 2, 3);
        await channel.HistoryAsync(1, [1]);
        await late.ExpectAsync("subscribed", "1");
        Assert.Equal(1, (int?)(await channel.HistoryAsync(3, [2, 3], Recovered))["since"]!["offset"]);
        await channel.SayAsync(4);
        await late.ExpectAsync("subscribed", "1", "2", "3", "4");
    }

    [Theory]
    [InlineData("e", "subscribed, 5, 6, 7")]
    [InlineData("old", "subscribed, gap 5-4, 7")]
    public async Task Whoever_joins_with_a_position_goes_on_from_it(string epoch, string told)
    {
        Listen();
        var channel = await ConnectAsync();
        await channel.SubscribedAsync(6);
        var late = Listen(new SubscribeOptions { Since = new StreamPosition(epoch, 4) });
        await late.ExpectAsync("subscribed");
        await (epoch == "e" ? channel.HistoryAsync(6, [5, 6], Recovered) : channel.HistoryAsync(6, [], Lost));
        await channel.SayAsync(7);
        await late.ExpectAsync(told.Split(", "));
    }

    [Fact]
    public async Task Before_there_is_an_answer_each_has_its_own_beginning()
    {
        var some = Listen(new SubscribeOptions { Last = 2 });
        var none = Listen();
        var same = Listen(new SubscribeOptions { Last = 2 });
        var channel = await ConnectAsync();
        await channel.SubscribedAsync(3);
        await channel.SayAsync(4, 5);
        await channel.HistoryAsync(5, [5]);
        await channel.SayAsync(6);
        await some.ExpectAsync("subscribed", "4", "5", "6");
        await same.ExpectAsync("subscribed", "4", "5", "6");
        await none.ExpectAsync("subscribed", "6");
    }

    [Fact]
    public async Task Presence_that_a_later_one_wants_is_asked_for_and_only_it_hears_of_it()
    {
        var plain = Listen();
        var channel = await ConnectAsync();
        await channel.SubscribedAsync(0);
        var present = Listen(new SubscribeOptions { Presence = true });
        await _transport!.SentAsync(4);
        Assert.Equal(["subscribe", "unsubscribe", "subscribe", "presence"], channel.Sent());
        await channel.SubscribedAsync(0, Recovered + ",\"presence\":{\"members\":[],\"count\":0}");
        await channel.AnswerAsync("presence", "\"type\":\"presence\",\"members\":[{\"user\":\"ann\",\"connections\":1}],\"count\":1");
        await _transport.SayAsync("""{"type":"join","channel":"chat:a","member":{"user":"bob","connections":1}}""");
        await channel.SayAsync(1);
        await present.ExpectAsync("subscribed", "subscribed with 1", "join bob", "1");
        await plain.ExpectAsync("subscribed", "1");
    }

    [Fact]
    public async Task A_channel_is_conflated_only_where_all_want_it()
    {
        var conflate = new SubscribeOptions { Conflate = true };
        Listen(conflate);
        var channel = await ConnectAsync();
        await channel.SubscribedAsync(0);
        Listen(conflate);
        Assert.Equal(["subscribe"], channel.Sent());
        Listen();
        var sent = await _transport!.SentAsync(3);
        Assert.Equal([true, null], sent.Where(static command => (string?)command["type"] == "subscribe").Select(static command => (bool?)command["conflate"]));
    }

    [Fact]
    public async Task A_broken_connection_is_one_recovery_for_all()
    {
        var listeners = new[] { Listen(), Listen() };
        var channel = await ConnectAsync();
        await channel.SubscribedAsync(0);
        await channel.SayAsync(1);
        _transport!.End(1006);
        channel = await ConnectAsync();
        Assert.Equal(1, (int?)(await _transport.SentAsync(1)).Single()["since"]!["offset"]);
        await channel.SubscribedAsync(9, Lost);
        await channel.SayAsync(10);
        foreach (var listener in listeners)
        {
            await listener.ExpectAsync("subscribed", "1", "subscribed", "gap 2-9", "10");
        }
    }

    [Fact]
    public async Task A_refusal_ends_all_and_none_of_a_later_subscription()
    {
        var (first, second) = (_client.Subscribe("chat:a"), _client.Subscribe("chat:a"));
        var channel = await ConnectAsync();
        await channel.AnswerAsync("subscribe", "\"type\":\"error\",\"code\":\"not_allowed\",\"error\":\"Not allowed\"");
        Assert.Equal(ErrorCode.NotAllowed, (await Assert.ThrowsAsync<TidingsException>(() => first.WaitAsync())).Code);
        Assert.Equal(ErrorCode.NotAllowed, (await Assert.ThrowsAsync<TidingsException>(() => second.WaitAsync())).Code);
        var room = _client.Subscribe("chat:a");
        await _transport!.SayAsync("""{"type":"unsubscribed","channel":"chat:a","code":"not_allowed","reason":"of the one before"}""");
        await channel.SubscribedAsync(0);
        await room.WaitAsync();
        await _transport.SayAsync("""{"type":"unsubscribed","channel":"chat:a","code":"not_allowed","reason":"Revoked"}""");
        Assert.Equal("Revoked", (await Assert.ThrowsAsync<TidingsException>(() => new Listener(room).Reading)).Message);
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private Listener Listen(SubscribeOptions? options = null) => new(_client.Subscribe("chat:a", options));

    private async Task<ChannelServer> ConnectAsync()
    {
        _transport = await _server.ConnectAsync();
        return new ChannelServer(_transport);
    }
}

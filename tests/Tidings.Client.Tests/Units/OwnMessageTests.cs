using Tidings.Client.Tests.World;
using Tidings.Client.Wire;
using Tidings.Protocol;
using Tidings.Testing;

namespace Tidings.Client.Tests.Units;

/// <summary>One's own messages are known by the position that the answer gave.</summary>
public sealed class OwnMessageTests : IAsyncDisposable
{
    private const string OfAnn = """{"type":"connected","connection":"c1","user":"ann","pingInterval":30000,"subscriptions":[]}""";

    private readonly ManualTime _time = new();
    private readonly ScriptedServer _server;
    private readonly TidingsClient _client;

    public OwnMessageTests()
    {
        _server = new ScriptedServer(_time);
        _client = _server.Client();
    }

    [Fact]
    public async Task A_message_whose_position_the_answer_gave_is_ones_own()
    {
        var (_, channel, told) = await SubscribeAsync();
        var publishing = _client.PublishAsync("chat:a", "hi");
        await channel.PublishedAsync(1);
        Assert.Equal(1, (await publishing)!.Value.Offset);
        await channel.SayAsync(1, 2);
        await told.ExpectAsync("subscribed", "own 1", "2");
        var history = _client.HistoryAsync("chat:a");
        await channel.HistoryAsync(2, [1, 2]);
        Assert.Equal([true, false], (await history).Messages.Select(static message => message.IsOwn));
    }

    [Fact]
    public async Task One_that_comes_before_its_answer_is_held_until_the_answer_and_what_follows_stays_behind_it()
    {
        var (transport, channel, told) = await SubscribeAsync();
        _ = _client.PublishAsync("chat:a", "hi");
        await transport.SentAsync(2);
        await channel.SayAsync(1, 2);
        await transport.SayAsync("""{"type":"gap","channel":"chat:a","epoch":"e","offset":5,"from":3,"to":5,"reason":"slow"}""");
        Assert.Equal(["subscribed"], told.Told);
        await channel.PublishedAsync(2);
        await told.ExpectAsync("subscribed", "1", "own 2", "gap 3-5");
    }

    [Fact]
    public async Task It_is_held_for_five_seconds_at_most()
    {
        var (transport, channel, told) = await SubscribeAsync();
        _ = _client.PublishAsync("chat:a", "hi");
        await transport.SentAsync(2);
        await channel.SayAsync(1);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal(["subscribed"], told.Told);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await told.ExpectAsync("subscribed", "1");
        await channel.PublishedAsync(2);
        await channel.SayAsync(2);
        await told.ExpectAsync("subscribed", "1", "own 2");
    }

    [Fact]
    public async Task A_message_of_another_user_does_not_wait_nor_does_one_said_in_passing()
    {
        var (transport, _, told) = await SubscribeAsync(OfAnn);
        _ = _client.PublishAsync("chat:a", "hi");
        await transport.SentAsync(2);
        await transport.SayAsync("""{"type":"message","channel":"chat:a","offset":1,"from":"bob","data":1,"time":1}""");
        await transport.SayAsync("""{"type":"message","channel":"chat:a","from":"ann","data":1,"time":1}""");
        await told.ExpectAsync("subscribed", "1", "passing");
        await transport.SayAsync("""{"type":"message","channel":"chat:a","offset":2,"from":"ann","data":1,"time":1}""");
        Assert.Equal(3, told.Told.Length);
    }

    [Fact]
    public async Task A_publish_that_was_refused_holds_nothing_any_longer()
    {
        var (transport, channel, told) = await SubscribeAsync();
        var refused = _client.PublishAsync("chat:a", "hi");
        await transport.SentAsync(2);
        await channel.SayAsync(1);
        await channel.AnswerAsync("publish", "\"type\":\"error\",\"code\":\"not_allowed\",\"error\":\"Not allowed\"");
        await Assert.ThrowsAsync<TidingsException>(() => refused);
        await told.ExpectAsync("subscribed", "1");
        _ = _client.PublishAsync("chat:a", "much");
        await transport.SentAsync(3);
        await channel.SayAsync(2);
        await channel.AnswerAsync("publish", "\"type\":\"error\",\"code\":\"rate_limited\",\"error\":\"Rate limit exceeded\"");
        await told.ExpectAsync("subscribed", "1", "2");
    }

    [Fact]
    public async Task A_message_that_broke_the_connection_before_its_answer_is_known_after_the_recovery()
    {
        var (transport, channel, told) = await SubscribeAsync();
        _ = _client.PublishAsync("chat:a", "hi");
        await transport.SentAsync(2);
        await channel.SayAsync(1);
        transport.End(1006);
        transport = await _server.ConnectAsync();
        channel = new ChannelServer(transport);
        await channel.SubscribedAsync(0, ",\"recovered\":true");
        await channel.SayAsync(1, 2);
        await channel.PublishedAsync(1);
        await told.ExpectAsync("subscribed", "own 1", "subscribed", "2");
    }

    [Fact]
    public async Task A_subscription_that_ends_tells_first_what_it_holds()
    {
        var (transport, channel, told) = await SubscribeAsync();
        _ = _client.PublishAsync("chat:a", "hi");
        await transport.SentAsync(2);
        await channel.SayAsync(1);
        await transport.SayAsync("""{"type":"unsubscribed","channel":"chat:a","code":"not_allowed","reason":"Revoked"}""");
        await Assert.ThrowsAsync<TidingsException>(() => told.Reading);
        Assert.Equal(["subscribed", "1"], told.Told);
    }

    [Fact]
    public void What_is_remembered_is_bounded()
    {
        var own = new OwnMessages(static _ => { });
        for (var offset = 1; offset <= OwnMessages.Most + 1; offset++)
        {
            own.Sent(offset, "chat:a");
            own.Settled(offset, "chat:a", new StreamPosition("e", offset));
        }

        Assert.False(own.Has("chat:a", new StreamPosition("e", 1)));
        Assert.True(own.Has("chat:a", new StreamPosition("e", 2)));
        Assert.False(own.Has("chat:a", new StreamPosition("f", 2)));
        Assert.False(own.Has("chat:b", new StreamPosition("e", 2)));
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task<(ScriptedTransport Transport, ChannelServer Channel, Listener Told)> SubscribeAsync(string connected = ScriptedServer.Connected)
    {
        var told = new Listener(_client.Subscribe("chat:a"));
        var transport = await _server.ConnectAsync(connected);
        var channel = new ChannelServer(transport);
        await channel.SubscribedAsync(0);
        await told.ExpectAsync("subscribed");
        return (transport, channel, told);
    }
}

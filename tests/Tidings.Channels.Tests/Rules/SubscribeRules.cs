using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Rules;

/// <summary>subscribe, unsubscribe, recovery and gaps.</summary>
public abstract class SubscribeRules(string pump) : ServerTests(pump)
{
    [Fact]
    public async Task Connected_says_who_and_where_and_what_is_subscribed()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/connect");
        var connected = await socket.ReceiveTextAsync();
        Assert.Matches("""^\{"type":"connected","connection":"[0-9a-f]{20}","user":null,"pingInterval":30000,"server":"tidings","version":"[^"]+","subscriptions":\[\{"channel":"all","epoch":"[0-9a-f]{16}","offset":0\}\]\}$""", connected);
    }

    [Fact]
    public async Task Ids_come_back_as_they_were_written()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        foreach (var id in new[] { "1", "-0", "1e3", "\"a\"", "\"\\u0061\"", "\"é\"", "123456789012345678901234567890" })
        {
            await client.SendAsync($$"""{"type":"ping","id":{{id}}}""");
            await client.ExpectAsync($$"""{"type":"pong","id":{{id}}}""");
        }

        await client.SendAsync("""{"type":"ping"}""");
        await client.ExpectAsync("""{"type":"pong"}""");
    }

    [Fact]
    public async Task Commands_that_come_together_are_answered_in_order()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SendAsync(
            """{"type":"subscribe","id":1,"channel":"chat:a"}""",
            """{"type":"publish","id":2,"channel":"secret","data":1}""",
            """{"type":"ping","id":3}""",
            """{"type":"history","id":4,"channel":"chat:a"}""",
            """{"type":"nonsense","id":5}""",
            """{"type":"unsubscribe","id":6,"channel":"chat:a"}""",
            """{"type":"subscribe","id":7,"channel":"chat:a"}""");
        for (var id = 1; id <= 7; id++)
        {
            Assert.Equal(id, (await client.ReceiveJsonAsync()).GetProperty("id").GetInt32());
        }
    }

    [Fact]
    public async Task Several_channels_get_a_reply_each_in_their_order()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"subscribe","id":"x","channels":[{"channel":"chat:a"},{"channel":"user:somebody"},{"channel":"chat:b","last":3}]}""");
        Assert.Equal(("subscribed", "chat:a", "x"), Key(await client.ReceiveJsonAsync()));
        Assert.Equal(("error", null, "x"), Key(await client.ReceiveJsonAsync()));
        Assert.Equal(("subscribed", "chat:b", "x"), Key(await client.ReceiveJsonAsync()));

        static (string?, string?, string?) Key(System.Text.Json.JsonElement answer) =>
            (ChannelClient.Text(answer, "type"), ChannelClient.Text(answer, "channel"), ChannelClient.Text(answer, "id"));
    }

    [Fact]
    public async Task Since_a_position_comes_what_was_missed_and_then_what_is_said()
    {
        await using var server = await StartAsync();
        await using var speaker = await ChannelClient.ConnectAsync(server);
        var epoch = await speaker.SubscribeAsync("chat:a");
        await SayAsync(speaker, 1, 5);
        await using var client = await ChannelClient.ConnectAsync(server);
        var answer = await client.AskAsync($$$"""{"type":"subscribe","channel":"chat:a","since":{"epoch":"{{{epoch}}}","offset":2}}""");
        Assert.Equal($$"""{"type":"subscribed","channel":"chat:a","epoch":"{{epoch}}","offset":2,"recovered":true}""", answer.GetRawText());
        await SayAsync(speaker, 6, 6);
        for (var offset = 3; offset <= 6; offset++)
        {
            Assert.Equal(offset, (await client.ReceiveJsonAsync()).GetProperty("offset").GetInt32());
        }

        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("other", 2)]
    [InlineData(null, 6)]
    [InlineData(null, 9007199254740991)]
    public async Task From_a_foreign_epoch_or_the_future_nothing_is_recovered_and_the_top_is_told(string? foreign, long offset)
    {
        await using var server = await StartAsync();
        await using var speaker = await ChannelClient.ConnectAsync(server);
        var epoch = await speaker.SubscribeAsync("chat:a");
        await SayAsync(speaker, 1, 5);
        await using var client = await ChannelClient.ConnectAsync(server);
        var answer = await client.AskAsync($$$"""{"type":"subscribe","channel":"chat:a","since":{"epoch":"{{{foreign ?? epoch}}}","offset":{{{offset}}}}}""");
        Assert.Equal($$"""{"type":"subscribed","channel":"chat:a","epoch":"{{epoch}}","offset":5,"recovered":false}""", answer.GetRawText());
        await SayAsync(speaker, 6, 6);
        Assert.Equal(6, (await client.ReceiveJsonAsync()).GetProperty("offset").GetInt32());
    }

    [Fact]
    public async Task Past_the_history_nothing_is_recovered()
    {
        await using var server = await StartAsync(("Tidings:Channels:0:Pattern", "chat:*"), ("Tidings:Channels:0:Publish", "anyone"), ("Tidings:Channels:0:History", "3"));
        await using var speaker = await ChannelClient.ConnectAsync(server);
        var epoch = await speaker.SubscribeAsync("chat:a");
        await SayAsync(speaker, 1, 5);
        foreach (var (offset, recovered) in new[] { (1, false), (2, true), (5, true) })
        {
            await using var client = await ChannelClient.ConnectAsync(server);
            var answer = await client.AskAsync($$$"""{"type":"subscribe","channel":"chat:a","since":{"epoch":"{{{epoch}}}","offset":{{{offset}}}}}""");
            Assert.Equal(recovered, answer.GetProperty("recovered").GetBoolean());
        }
    }

    [Fact]
    public async Task Last_begins_with_the_newest()
    {
        await using var server = await StartAsync();
        await using var speaker = await ChannelClient.ConnectAsync(server);
        var epoch = await speaker.SubscribeAsync("chat:a");
        await SayAsync(speaker, 1, 5);
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"subscribe","channel":"chat:a","last":2}""");
        await client.ExpectAsync($$"""{"type":"subscribed","channel":"chat:a","epoch":"{{epoch}}","offset":3}""");
        Assert.Equal(4, (await client.ReceiveJsonAsync()).GetProperty("offset").GetInt32());
        Assert.Equal(5, (await client.ReceiveJsonAsync()).GetProperty("offset").GetInt32());
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Subscribing_twice_is_a_conflict_and_leaving_what_one_is_not_in_is_not_allowed()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        await client.ExpectErrorAsync("""{"type":"subscribe","channel":"chat:a"}""", "conflict", "Already subscribed");
        await client.ExpectErrorAsync("""{"type":"unsubscribe","channel":"chat:b"}""", "not_allowed", "Not subscribed");
        await client.SendAsync("""{"type":"unsubscribe","id":1,"channel":"chat:a"}""");
        await client.ExpectAsync("""{"type":"unsubscribed","id":1,"channel":"chat:a"}""");
        await client.SubscribeAsync("chat:a");
        await client.Socket.SendCloseAsync();
        await client.Socket.ExpectCloseAsync(1000);
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Quit_is_a_goodbye()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"quit"}""");
        await client.Socket.ExpectCloseAsync(1000, "Goodbye");
    }

    /// <summary>Says so many things in chat:a, and takes the answers and the messages.</summary>
    internal static async Task SayAsync(ChannelClient speaker, int from, int to)
    {
        for (var i = from; i <= to; i++)
        {
            await speaker.SendAsync($$"""{"type":"publish","channel":"chat:a","data":{{i}}}""");
            await speaker.ReceiveAsync();
            await speaker.ReceiveAsync();
        }
    }
}

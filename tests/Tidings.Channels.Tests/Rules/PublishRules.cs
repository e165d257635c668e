using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Rules;

/// <summary>publish, send, history and what is passed through.</summary>
public abstract class PublishRules(string pump) : ServerTests(pump)
{
    private static readonly string[] Values =
    [
        "1", "-0.0e+10", "null", "true", "\"\"", "\"\\u0041\\ud83d\\ude00 é 你 \\/ \\\" < > & ' \\n\"", "[]", "{ }", "{\"a\" : [ 1 ,\t2 ] , \"a\":\"twice\"}",
        "123456789012345678901234567890.123456789", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    ];

    [Fact]
    public async Task Data_is_passed_on_byte_for_byte()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        foreach (var value in Values)
        {
            await client.SendAsync($$"""{"type":"publish","channel":"chat:a","data":{{value}},"key":"k"}""");
            var (one, other) = (await client.ReceiveAsync(), await client.ReceiveAsync());
            Assert.Contains($"\"data\":{value},\"key\":\"k\",\"time\":", one + other);
        }

        await client.SendAsync("""{"type":"history","channel":"chat:a"}""");
        var history = await client.ReceiveAsync();
        Assert.All(Values, value => Assert.Contains($"\"data\":{value},\"key\"", history));
    }

    [Fact]
    public async Task Line_breaks_between_tokens_are_taken_out()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        await client.SendAsync("{\r\n\"type\": \"publish\",\n\"channel\":\"chat:a\",\n\"data\": {\r\n  \"a\":\n[1,\r2]}\n}");
        Assert.Contains("\"data\":{  \"a\":[1,2]},", await client.ReceiveAsync() + await client.ReceiveAsync());
    }

    [Fact]
    public async Task A_room_and_connect_speak_of_one_channel()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        var epoch = await client.SubscribeAsync("room:lobby");
        await using var room = await server.ConnectAsync("/ws/lobby");
        await room.SendTextAsync("say \"hi\" <b> 你");
        await room.ExpectTextAsync("[lobby] say &quot;hi&quot; &lt;b&gt; 你");
        var message = await client.ReceiveAsync();
        Assert.StartsWith("""{"type":"message","channel":"room:lobby","offset":1,"data":"say \"hi\" <b> 你","time":""", message);
        await client.SendAsync("""{"type":"publish","id":1,"channel":"room:lobby","data":"a & b"}""", """{"type":"publish","id":2,"channel":"room:lobby","data":{"a": [1,"<"]}}""");
        await room.ExpectTextAsync("[lobby] a &amp; b");
        await room.ExpectTextAsync("[lobby] {&quot;a&quot;: [1,&quot;&lt;&quot;]}");

        // Whoever reads the log, live or later, on whichever route, sees the same bytes.
        var live = new List<string> { message };
        while (live.Count < 3)
        {
            var next = await client.ReceiveAsync();
            if (next.Contains("\"message\""))
            {
                live.Add(next);
            }
        }

        await using var late = await ChannelClient.ConnectAsync(server);
        await late.AskAsync($$$"""{"type":"subscribe","channel":"room:lobby","since":{"epoch":"{{{epoch}}}","offset":0}}""");
        foreach (var same in live)
        {
            await late.ExpectAsync(same);
        }
    }

    [Fact]
    public async Task Ephemeral_messages_bear_no_offset_and_are_not_kept()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        await client.SendAsync("""{"type":"publish","id":1,"channel":"chat:a","data":"typing","ephemeral":true}""");
        var answers = new[] { await client.ReceiveAsync(), await client.ReceiveAsync() };
        Assert.Contains("""{"type":"published","id":1,"channel":"chat:a"}""", answers);
        Assert.Contains(answers, answer => answer.StartsWith("""{"type":"message","channel":"chat:a","data":"typing","time":""", StringComparison.Ordinal));
        var history = await client.AskAsync("""{"type":"history","channel":"chat:a"}""");
        Assert.Equal((0, 0), (history.GetProperty("offset").GetInt32(), history.GetProperty("messages").GetArrayLength()));
    }

    [Fact]
    public async Task Durable_is_refused_where_it_cannot_be_given()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.ExpectErrorAsync("""{"type":"publish","channel":"chat:a","data":1,"durable":true}""", "not_durable", "Not durable");
        Assert.Equal(0, (await client.AskAsync("""{"type":"history","channel":"chat:a"}""")).GetProperty("offset").GetInt32());
    }

    [Fact]
    public async Task A_repeat_with_the_same_key_is_the_first_one_again()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, ("Tidings:Heartbeat:Interval", "0"));
        await using var client = await ChannelClient.ConnectAsync(server);
        var first = await client.AskAsync("""{"type":"publish","channel":"chat:a","data":1,"idempotencyKey":"k"}""");
        time.Advance(TimeSpan.FromSeconds(299));
        var again = await client.AskAsync("""{"type":"publish","channel":"chat:a","data":"another","idempotencyKey":"k"}""");
        Assert.Equal(first.GetRawText(), again.GetRawText());
        var elsewhere = await client.AskAsync("""{"type":"publish","channel":"chat:b","data":1,"idempotencyKey":"k"}""");
        Assert.Equal(1, elsewhere.GetProperty("offset").GetInt32());
        time.Advance(TimeSpan.FromSeconds(2));
        var later = await client.AskAsync("""{"type":"publish","channel":"chat:a","data":1,"idempotencyKey":"k"}""");
        Assert.Equal(2, later.GetProperty("offset").GetInt32());
    }

    [Fact]
    public async Task Direct_messages_reach_one_connection_and_say_whose_they_are()
    {
        await using var server = await StartAsync(("Tidings:Send", "anyone"));
        await using var client = await ChannelClient.ConnectAsync(server);
        await using var other = await ChannelClient.ConnectAsync(server);
        await client.SendAsync($$$"""{"type":"send","id":1,"to":"{{{other.Id}}}","data":{"n": 1}}""");
        await client.ExpectAsync("""{"type":"sent","id":1}""");
        await other.ExpectAsync($$$"""{"type":"direct","connection":"{{{client.Id}}}","data":{"n": 1}}""");
        await client.SendAsync("""{"type":"send","id":2,"to":"nobody","data":1}""");
        await client.ExpectAsync("""{"type":"sent","id":2}""");
    }

    [Fact]
    public async Task Calls_and_tokens_are_refused_where_there_is_nothing_that_takes_them()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.ExpectErrorAsync("""{"type":"call","method":"sum","params":[1,2]}""", "not_allowed", "Not allowed");
    }

    [Fact]
    public async Task History_has_its_limits()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        var epoch = await client.SubscribeAsync("chat:a");
        await SubscribeRules.SayAsync(client, 1, 10);
        Assert.Equal((1, 10), await RangeAsync(""));
        Assert.Equal((7, 10), await RangeAsync(",\"last\":4"));
        Assert.Equal((8, 10), await RangeAsync(",\"limit\":3"));
        Assert.Equal((9, 10), await RangeAsync(",\"last\":5,\"limit\":2"));
        Assert.Equal((4, 10), await RangeAsync($$$""","since":{"epoch":"{{{epoch}}}","offset":3}"""));
        Assert.Equal((4, 5), await RangeAsync($$$""","since":{"epoch":"{{{epoch}}}","offset":3},"limit":2"""));
        var lost = await client.AskAsync("""{"type":"history","channel":"chat:a","since":{"epoch":"other","offset":3}}""");
        Assert.Equal((false, 0), (lost.GetProperty("recovered").GetBoolean(), lost.GetProperty("messages").GetArrayLength()));

        async Task<(int, int)> RangeAsync(string more)
        {
            var history = await client.AskAsync($$"""{"type":"history","channel":"chat:a"{{more}}}""");
            Assert.Equal(10, history.GetProperty("offset").GetInt32());
            var offsets = history.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("offset").GetInt32()).ToList();
            Assert.Equal(Enumerable.Range(offsets[0], offsets.Count), offsets);
            return (offsets[0], offsets[^1]);
        }
    }

    [Fact]
    public async Task A_history_of_large_messages_is_told_in_parts()
    {
        await using var server = await StartAsync(("Tidings:Limits:QueueBytes", "256KB"));
        await using var client = await ChannelClient.ConnectAsync(server);
        var epoch = (await client.AskAsync("""{"type":"history","channel":"chat:a"}""")).GetProperty("epoch").GetString();
        for (var i = 0; i < 20; i++)
        {
            await client.AskAsync($$"""{"type":"publish","channel":"chat:a","data":"{{new string('x', 30_000)}}"}""");
        }

        var read = 0;
        while (read < 20)
        {
            await client.SendAsync($$$"""{"type":"history","channel":"chat:a","since":{"epoch":"{{{epoch}}}","offset":{{{read}}}}}""");
            var text = await client.ReceiveAsync();
            Assert.True(text.Length < 140_000, $"{text.Length} bytes");
            using var part = System.Text.Json.JsonDocument.Parse(text);
            Assert.Equal(read + 1, part.RootElement.GetProperty("messages")[0].GetProperty("offset").GetInt32());
            read += part.RootElement.GetProperty("messages").GetArrayLength();
        }

        var newest = await client.AskAsync("""{"type":"history","channel":"chat:a","last":20}""");
        Assert.Equal(20, newest.GetProperty("messages")[newest.GetProperty("messages").GetArrayLength() - 1].GetProperty("offset").GetInt32());
    }
}

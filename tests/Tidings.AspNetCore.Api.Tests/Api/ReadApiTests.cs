using System.Net;
using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Api.Tests.Api;

public sealed class ReadApiTests
{
    [Fact]
    public async Task Presence_lists_members_with_their_connections()
    {
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("p").WithPresence());
        await using var anna = await app.ConnectAsync("anna");
        await using var twice = await app.ConnectAsync("anna");
        await using var guest = await app.ConnectAsync();
        foreach (var client in new[] { anna, twice, guest })
        {
            await client.SubscribeAsync("p");
        }

        var (_, answer) = await app.GetAsync("presence?channel=p");
        Assert.Equal(2, answer.GetProperty("count").GetInt32());
        var members = answer.GetProperty("members").EnumerateArray().ToDictionary(member => member.GetProperty("user").GetString()!, member => member.GetProperty("connections").GetInt32());
        Assert.Equal(2, members["anna"]);
        Assert.Equal(1, members["~" + guest.Id]);
        Assert.Equal(1, (await app.GetAsync("presence?channel=p&limit=1")).Json.GetProperty("members").GetArrayLength());
    }

    [Fact]
    public async Task History_goes_on_after_a_position()
    {
        await using var app = await TestApp.StartAsync();
        for (var i = 1; i <= 5; i++)
        {
            await app.OkAsync("publish", $$"""{"channel":"h","data":{{i}}}""");
        }

        var (_, newest) = await app.GetAsync("history?channel=h&last=2");
        Assert.Equal([4, 5], Data(newest));
        Assert.Equal(5, newest.GetProperty("offset").GetInt64());
        var epoch = newest.GetProperty("epoch").GetString();
        var (_, part) = await app.GetAsync($"history?channel=h&since={Position("h", epoch!, 2)}&limit=2");
        Assert.Equal([3, 4], Data(part));
        Assert.True(part.GetProperty("recovered").GetBoolean());
        var (_, foreign) = await app.GetAsync("history?channel=h&since=" + Position("h", "other", 2));
        Assert.False(foreign.GetProperty("recovered").GetBoolean());
        Assert.Empty(Data(foreign));
        Assert.Empty(Data((await app.GetAsync("history?channel=h&last=0")).Json));
        Assert.Equal([1, 2, 3, 4, 5], Data((await app.GetAsync("history?channel=h")).Json));
    }

    [Fact]
    public async Task History_ends_before_a_position_and_may_be_the_position_alone()
    {
        await using var app = await TestApp.StartAsync();
        for (var i = 1; i <= 5; i++)
        {
            await app.OkAsync("publish", $$"""{"channel":"h","data":{{i}}}""");
        }

        var (_, alone) = await app.GetAsync("history?channel=h&limit=0");
        Assert.Empty(Data(alone));
        Assert.Equal(5, alone.GetProperty("offset").GetInt64());
        var epoch = alone.GetProperty("epoch").GetString();
        var (_, part) = await app.GetAsync($"history?channel=h&before={Position("h", epoch!, 5)}&limit=2");
        Assert.Equal([3, 4], Data(part));
        Assert.True(part.GetProperty("recovered").GetBoolean());
        Assert.Equal([1, 2], Data((await app.GetAsync($"history?channel=h&before={Position("h", epoch!, 3)}")).Json));
        var (_, foreign) = await app.GetAsync("history?channel=h&before=" + Position("h", "other", 2));
        Assert.False(foreign.GetProperty("recovered").GetBoolean());
        var batch = await app.OkAsync("batch", $$$"""{"commands":[{"history":{"channel":"h","before":{"epoch":"{{{epoch}}}","offset":3},"limit":1}}]}""");
        Assert.Contains("\"offset\":2", batch.GetRawText(), StringComparison.Ordinal);
        var back = await app.Tidings.HistoryBeforeAsync("h", new StreamPosition(epoch!, 4), limit: 2);
        Assert.Equal([2L, 3L], back.Messages.Select(static message => message.Position.Offset));
    }

    private static string Position(string channel, string epoch, long offset) =>
        System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes($"[[\"{channel}\",\"{epoch}\",{offset}]]"));

    [Theory]
    [InlineData("history")]
    [InlineData("history?channel=a&channel=b")]
    [InlineData("history?channel=a%20b")]
    [InlineData("history?channel=a&since=nonsense")]
    [InlineData("history?channel=a&since=e:1")]
    [InlineData("history?channel=a&since=W1siYSIsImUiLC0xXV0")]
    [InlineData("history?channel=a&since=W1siYSIsImUiLDkwMDcxOTkyNTQ3NDA5OTJdXQ")]
    [InlineData("history?channel=b&since=W1siYSIsImUiLDFdXQ")]
    [InlineData("history?channel=a&since=W1siYSIsImUiLDFdXQ&last=1")]
    [InlineData("history?channel=a&last=-1")]
    [InlineData("history?channel=a&limit=-1")]
    [InlineData("history?channel=a&before=nonsense")]
    [InlineData("history?channel=a&before=W1siYSIsImUiLC0xXV0")]
    [InlineData("history?channel=a&before=W1siYSIsImUiLDkwMDcxOTkyNTQ3NDA5OTJdXQ")]
    [InlineData("history?channel=a&before=W1siYSIsImUiLDFdXQ&last=1")]
    [InlineData("history?channel=a&before=W1siYSIsImUiLDFdXQ&since=W1siYSIsImUiLDFdXQ")]
    [InlineData("history?channel=a&limit=1000000")]
    [InlineData("presence")]
    [InlineData("presence?channel=a&limit=x")]
    [InlineData("channels?pattern=%7B")]
    [InlineData("channels?limit=0")]
    [InlineData("connections?limit=1001")]
    public async Task Queries_that_do_not_fit_are_refused(string query)
    {
        await using var app = await TestApp.StartAsync();
        var (status, answer) = await app.GetAsync(query);
        Assert.Equal((HttpStatusCode.BadRequest, "bad_request"), (status, answer.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Channels_and_connections_come_by_pages()
    {
        await using var app = await TestApp.StartAsync();
        await using var client = await app.ConnectAsync("anna");
        await using var other = await app.ConnectAsync();
        foreach (var name in new[] { "c:3", "c:1", "c:2", "d" })
        {
            await client.SubscribeAsync(name);
        }

        var (_, first) = await app.GetAsync("channels?pattern=c:*&limit=2");
        Assert.Equal(["c:1", "c:2"], Names(first, "channels", "channel"));
        var (_, second) = await app.GetAsync($"channels?pattern=c:*&limit=2&after={first.GetProperty("next").GetString()}");
        Assert.Equal(["c:3"], Names(second, "channels", "channel"));
        Assert.False(second.TryGetProperty("next", out _));
        Assert.Equal(["all", "c:1", "c:2", "c:3", "d", "user:anna"], Names((await app.GetAsync("channels")).Json, "channels", "channel"));

        var (_, page) = await app.GetAsync("connections?limit=1");
        var (_, rest) = await app.GetAsync("connections?limit=1&after=" + page.GetProperty("next").GetString());
        Assert.Equal(new[] { client.Id, other.Id }.Order(StringComparer.Ordinal), Names(page, "connections", "connection").Concat(Names(rest, "connections", "connection")));
        var (_, annas) = await app.GetAsync("connections?user=anna");
        Assert.Equal(6, Assert.Single(annas.GetProperty("connections").EnumerateArray()).GetProperty("subscriptions").GetInt32());
        Assert.Equal(["tidings", "tidings"], Names((await app.GetAsync("connections")).Json, "connections", "protocol"));
        var (_, info) = await app.GetAsync("info");
        Assert.Equal((2, 1, 6), (info.GetProperty("connections").GetInt32(), info.GetProperty("users").GetInt32(), info.GetProperty("channels").GetInt32()));
    }

    [Fact]
    public async Task A_batch_is_answered_in_its_order_and_goes_on_after_a_fault()
    {
        await using var app = await TestApp.StartAsync();
        var answer = await app.OkAsync("batch", """
            {"commands":[
              {"publish":{"channel":"b","data":1}},
              {"publish":{"channel":"b b","data":1}},
              {"nothing":{}},
              {"publish":{"channel":"b","data":2},"send":{}},
              7,
              {"publish":{"channel":"b","data":3}},
              {"history":{"channel":"b"}},
              {"batch":{"commands":[]}},
              {"presence":{"channel":"b"}},
              {"disconnect":{"user":"nobody"}},
              {"history":{"channel":"b","since":{"epoch":"other","offset":1}}},
              {"history":{"channel":"b","since":{"offset":1}}}
            ]}
            """);
        var results = answer.GetProperty("results").EnumerateArray().ToList();
        Assert.Equal(12, results.Count);
        Assert.Equal([1, 2], new[] { results[0], results[5] }.Select(result => result.GetProperty("offset").GetInt32()));
        foreach (var fault in new[] { 1, 2, 3, 4, 7, 11 })
        {
            Assert.Equal(("bad_request", 400), (results[fault].GetProperty("code").GetString(), results[fault].GetProperty("status").GetInt32()));
        }

        Assert.Equal([1, 3], Data(results[6]));
        Assert.Equal(0, results[8].GetProperty("count").GetInt32());
        Assert.Equal(0, results[9].GetProperty("connections").GetInt32());
        Assert.False(results[10].GetProperty("recovered").GetBoolean());
        await app.ProblemAsync("batch", """{"commands":[]}""", 400, "bad_request");
        await app.ProblemAsync("batch", $$"""{"commands":[{{string.Join(',', Enumerable.Repeat("{}", 1001))}}]}""", 400, "bad_request");
    }

    private static List<int> Data(JsonElement answer) => [.. answer.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("data").GetInt32())];

    private static List<string> Names(JsonElement answer, string list, string name) =>
        [.. answer.GetProperty(list).EnumerateArray().Select(item => item.GetProperty(name).GetString()!)];
}

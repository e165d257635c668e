using System.Net.Http.Json;
using System.Text.Json;
using Tidings.Channels.Tests.Http;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Messages;

namespace Tidings.Channels.Tests.Rules;

/// <summary>The newest message of each key, for those who subscribe with <c>state</c>.</summary>
public abstract class StateRules(string pump) : ServerTests(pump)
{
    private static readonly (string, string?)[] Settings =
    [
        ("Tidings:Channels:0:Pattern", "board:*"), ("Tidings:Channels:0:Publish", "anyone"), ("Tidings:Channels:0:State", "true"), ("Tidings:Channels:0:History", "0"),
        ("Tidings:Channels:0:StateKeys", "3"), ("Tidings:Channels:1:Pattern", "kept:*"), ("Tidings:Channels:1:Publish", "anyone"), ("Tidings:Channels:1:State", "true"),
        ("Tidings:Channels:2:Pattern", "chat:*"), ("Tidings:Channels:2:Publish", "anyone"),
    ];

    [Fact]
    public async Task It_comes_after_the_answer_and_before_what_is_new()
    {
        await using var server = await StartAsync(Settings);
        await using var writer = await ChannelClient.ConnectAsync(server);
        await SetAsync(writer, "board:1", "a", "1");
        await SetAsync(writer, "board:1", "b", "{\"x\":[1]}");
        await SetAsync(writer, "board:1", "a", "2");
        await using var reader = await ChannelClient.ConnectAsync(server);
        var subscribed = await reader.AskAsync("""{"type":"subscribe","id":1,"channel":"board:1","state":true}""");
        Assert.Equal(("subscribed", 3), (ChannelClient.Text(subscribed, "type"), subscribed.GetProperty("offset").GetInt32()));
        var state = await reader.ReceiveJsonAsync();
        Assert.Equal(("state", "board:1", "False"), (ChannelClient.Text(state, "type"), ChannelClient.Text(state, "channel"), ChannelClient.Text(state, "more")));
        Assert.Equal(["""2 b {"x":[1]}""", "3 a 2"], Show(state));
        await SetAsync(writer, "board:1", "c", "3");
        Assert.StartsWith("""{"type":"message","channel":"board:1","offset":4,"data":3,"key":"c","time":""", await reader.ReceiveAsync(), StringComparison.Ordinal);
        var removed = await writer.AskAsync("""{"type":"publish","id":9,"channel":"board:1","key":"a","remove":true}""");
        Assert.Equal(("published", 5), (ChannelClient.Text(removed, "type"), removed.GetProperty("offset").GetInt32()));
        Assert.StartsWith("""{"type":"message","channel":"board:1","offset":5,"remove":true,"key":"a","time":""", await reader.ReceiveAsync(), StringComparison.Ordinal);
        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task An_empty_one_is_told_too_and_each_channel_of_a_list_may_have_its_own()
    {
        await using var server = await StartAsync(Settings);
        await using var client = await ChannelClient.ConnectAsync(server);
        await SetAsync(client, "board:2", "a", "1");
        await client.SendAsync("""{"type":"subscribe","id":1,"channels":[{"channel":"board:1","state":true},{"channel":"board:2","state":true},{"channel":"chat:1"}]}""");
        Assert.Equal("subscribed", ChannelClient.Text(await client.ReceiveJsonAsync(), "type"));
        await client.ExpectAsync("""{"type":"state","channel":"board:1","entries":[],"more":false}""");
        Assert.Equal("subscribed", ChannelClient.Text(await client.ReceiveJsonAsync(), "type"));
        Assert.Equal(["1 a 1"], Show(await client.ReceiveJsonAsync()));
        Assert.Equal("subscribed", ChannelClient.Text(await client.ReceiveJsonAsync(), "type"));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task What_was_missed_comes_before_it()
    {
        await using var server = await StartAsync(Settings);
        await using var writer = await ChannelClient.ConnectAsync(server);
        var epoch = (await SetAsync(writer, "kept:1", "a", "1")).GetProperty("epoch").GetString();
        await SetAsync(writer, "kept:1", "a", "2");
        await using var reader = await ChannelClient.ConnectAsync(server);
        var subscribed = await reader.AskAsync($$"""{"type":"subscribe","channel":"kept:1","since":{"epoch":"{{epoch}}","offset":1},"state":true}""");
        Assert.Equal((true, 1), (subscribed.GetProperty("recovered").GetBoolean(), subscribed.GetProperty("offset").GetInt32()));
        Assert.Contains("\"offset\":2", await reader.ReceiveAsync(), StringComparison.Ordinal);
        Assert.Equal(["2 a 2"], Show(await reader.ReceiveJsonAsync()));
        await using var other = await ChannelClient.ConnectAsync(server);
        subscribed = await other.AskAsync("""{"type":"subscribe","channel":"kept:1","since":{"epoch":"other","offset":1},"state":true}""");
        Assert.False(subscribed.GetProperty("recovered").GetBoolean());
        Assert.Equal(["2 a 2"], Show(await other.ReceiveJsonAsync()));
        await other.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_large_one_comes_in_parts()
    {
        await using var server = await StartAsync(Settings);
        var text = new string('x', 3000);
        await Task.WhenAll(Enumerable.Range(1, 200).Select(i => server.Services.Node.ServerActions.PublishAsync(
            "kept:1", new MessageData(DataKind.Json, JsonSerializer.SerializeToUtf8Bytes(text)), new PublishOptions { Key = $"k{i}" }, TestContext.Current.CancellationToken).AsTask()));
        await using var reader = await ChannelClient.ConnectAsync(server);
        await reader.SubscribeAsync("kept:1", ",\"state\":true");
        var (parts, keys) = (0, 0);
        for (var more = true; more; parts++)
        {
            var part = await reader.ReceiveJsonAsync();
            keys += part.GetProperty("entries").GetArrayLength();
            more = part.GetProperty("more").GetBoolean();
        }

        Assert.Equal(200, keys);
        Assert.InRange(parts, 9, 20);
    }

    [Fact]
    public async Task What_it_cannot_be_is_refused()
    {
        await using var server = await StartAsync(Settings);
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.ExpectErrorAsync("""{"type":"subscribe","channel":"chat:1","state":true}""", "bad_request", "No state");
        await client.ExpectErrorAsync("""{"type":"publish","channel":"chat:1","key":"a","remove":true}""", "bad_request", "No state");
        foreach (var wrong in new[] { "\"remove\":true", "\"remove\":true,\"key\":\"a\",\"data\":1", "\"remove\":true,\"key\":\"a\",\"ephemeral\":true", "\"remove\":1,\"key\":\"a\"", "\"remove\":false,\"key\":\"a\"" })
        {
            await client.ExpectErrorAsync($$"""{"type":"publish","channel":"board:1",{{wrong}}}""", "bad_request", "Invalid message format");
        }

        foreach (var key in new[] { "a", "b", "c" })
        {
            await SetAsync(client, "board:1", key, "1");
        }

        await client.ExpectErrorAsync("""{"type":"publish","channel":"board:1","key":"d","data":1}""", "too_many", "The channel's state has 3 keys, as many as it may (StateKeys).");
        using var answer = await server.Http.PostAsJsonAsync("/api/publish", new { channel = "board:1", key = "d", data = 1 }, TestContext.Current.CancellationToken);
        Assert.Contains("too_many", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await SetAsync(client, "board:1", "c", "2");
        await client.AskAsync("""{"type":"publish","channel":"board:1","data":"without a key"}""");
    }

    [Fact]
    public async Task An_erased_message_is_in_none_that_comes_later_nor_in_one_that_is_on_its_way()
    {
        await using var server = await StartAsync(Settings);
        await using var writer = await ChannelClient.ConnectAsync(server);
        await using var reader = await ChannelClient.ConnectAsync(server);
        await SetAsync(writer, "kept:1", "a", "\"secret\"");
        var top = await SetAsync(writer, "kept:1", "b", "2");
        await reader.SubscribeAsync("kept:1", ",\"state\":true");
        Assert.Equal(["1 a secret", "2 b 2"], Show(await reader.ReceiveJsonAsync()));
        Assert.Equal(1, await EraseRules.EraseAsync(server, $"channel=kept:1&epoch={top.GetProperty("epoch")}&offset=1"));
        await reader.ExpectAsync("""{"type":"removed","channel":"kept:1","offset":1}""");
        await using var late = await ChannelClient.ConnectAsync(server);
        await late.SubscribeAsync("kept:1", ",\"state\":true");
        Assert.Equal(["2 b 2"], Show(await late.ReceiveJsonAsync()));
        await EraseRules.EraseAsync(server, "channel=kept:1");
        Assert.Equal("cleared", ChannelClient.Text(await late.ReceiveJsonAsync(), "reason"));
        await using var last = await ChannelClient.ConnectAsync(server);
        await last.SubscribeAsync("kept:1", ",\"state\":true");
        Assert.Empty(Show(await last.ReceiveJsonAsync()));
    }

    [Fact]
    public async Task A_stream_has_it_and_a_poll_has_none()
    {
        await using var server = await StartAsync(Settings);
        await using var writer = await ChannelClient.ConnectAsync(server);
        await SetAsync(writer, "board:1", "a", "1");
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=board:1&channel=chat:1&state=board:1");
        await stream.ExpectAsync("connected");
        Assert.Equal(["1 a 1"], Show(JsonElement.Parse((await stream.ReceiveAsync())!)));
        await SetAsync(writer, "board:1", "a", "2");
        await stream.ExpectMessageAsync("2");
        foreach (var query in new[] { "channel=board:1&state=board:1&wait=0", "channel=chat:1&state=board:1", "channel=chat:1&state=chat:1", "channel=board:1&state=true" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/connect?" + query) { Headers = { { "Accept", query.Contains("wait", StringComparison.Ordinal) ? "application/json" : "text/event-stream" } } };
            using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(400, (int)response.StatusCode);
        }
    }

    [Fact]
    public async Task The_server_s_own_code_reads_it_and_takes_keys_out()
    {
        await using var server = await StartAsync(Settings);
        var tidings = server.Services.Node.Facade;
        await tidings.PublishAsync("board:1", 1, new PublishOptions { Key = "a" }, TestContext.Current.CancellationToken);
        await tidings.PublishAsync("board:1", 2, new PublishOptions { Key = "b" }, TestContext.Current.CancellationToken);
        Assert.Equal(3, (await tidings.RemoveKeyAsync("board:1", "a", null, TestContext.Current.CancellationToken)).Offset);
        var state = await tidings.ReadStateAsync("board:1", TestContext.Current.CancellationToken);
        Assert.Equal((3, "b"), (state.Position.Offset, Assert.Single(state.Messages).Key));
        using var removed = await server.Http.PostAsJsonAsync("/api/publish", new { channel = "board:1", key = "b", remove = true }, TestContext.Current.CancellationToken);
        Assert.Contains("\"offset\":4", await removed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        foreach (var wrong in new object[] { new { channel = "board:1", remove = true }, new { channel = "chat:1", key = "b", remove = true }, new { channel = "board:1", key = "b", remove = true, data = 1 } })
        {
            using var refused = await server.Http.PostAsJsonAsync("/api/publish", wrong, TestContext.Current.CancellationToken);
            Assert.Equal(400, (int)refused.StatusCode);
        }

        Assert.Empty((await tidings.ReadStateAsync("board:1", TestContext.Current.CancellationToken)).Messages);
        using var nothing = await server.Http.PostAsJsonAsync("/api/publish", new { channel = "board:1", key = "b", data = (string?)null }, TestContext.Current.CancellationToken);
        Assert.Equal("null", System.Text.Encoding.UTF8.GetString(Assert.Single((await tidings.ReadStateAsync("board:1", TestContext.Current.CancellationToken)).Messages).Data.Span));
        await Assert.ThrowsAsync<InvalidOperationException>(() => tidings.ReadStateAsync("chat:1", TestContext.Current.CancellationToken).AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(() => tidings.RemoveKeyAsync("chat:1", "a", null, TestContext.Current.CancellationToken).AsTask());
    }

    private static async Task<JsonElement> SetAsync(ChannelClient client, string channel, string key, string data)
    {
        var answer = await client.AskAsync($$"""{"type":"publish","id":1,"channel":"{{channel}}","key":"{{key}}","data":{{data}}}""");
        Assert.Equal("published", ChannelClient.Text(answer, "type"));
        return answer;
    }

    private static IEnumerable<string> Show(JsonElement state) => state.GetProperty("entries").EnumerateArray()
        .Select(static entry => $"{entry.GetProperty("offset")} {entry.GetProperty("key").GetString()} {entry.GetProperty("data")}");
}

using System.Net;
using System.Text.Json;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Protocol;

namespace Tidings.Channels.Tests.Rules;

/// <summary>Erasing one message or a whole log, as those see it who listen and those who read.</summary>
public abstract class EraseRules(string pump) : ServerTests(pump)
{
    [Fact]
    public async Task Subscribers_are_told_which_message_has_gone_and_a_text_room_is_told_nothing()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await using var room = await server.ConnectAsync("/ws/lobby");
        var epoch = await client.SubscribeAsync("room:lobby");
        await SayAsync(client, "room:lobby", 3);
        for (var i = 1; i <= 3; i++)
        {
            await room.ExpectTextAsync($"[lobby] secret-{i}");
        }

        Assert.Equal(1, await EraseAsync(server, $"channel=room:lobby&epoch={epoch}&offset=2"));
        await client.ExpectAsync("""{"type":"removed","channel":"room:lobby","offset":2}""");
        await client.SendAsync("""{"type":"publish","channel":"room:lobby","data":"next"}""");
        Assert.Contains("\"offset\":4", await MessageAsync(client), StringComparison.Ordinal);
        await room.ExpectTextAsync("[lobby] next");
        var history = await client.AskAsync("""{"type":"history","channel":"room:lobby"}""");
        Assert.Equal("""{"offset":2,"removed":true}""", history.GetProperty("messages")[1].GetRawText());
        Assert.DoesNotContain("secret-2", history.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_comes_back_finds_an_empty_place_that_moves_the_position()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        var epoch = await client.SubscribeAsync("chat:a");
        await SayAsync(client, "chat:a", 3);
        await EraseAsync(server, $"channel=chat:a&epoch={epoch}&offset=2");
        await EraseAsync(server, $"channel=chat:a&epoch={epoch}&offset=3");
        await using var later = await ChannelClient.ConnectAsync(server);
        var answer = await later.AskAsync($$$"""{"type":"subscribe","channel":"chat:a","since":{"epoch":"{{{epoch}}}","offset":0}}""");
        Assert.True(answer.GetProperty("recovered").GetBoolean());
        Assert.Contains("secret-1", await later.ReceiveAsync(), StringComparison.Ordinal);
        await later.ExpectAsync("""{"type":"removed","channel":"chat:a","offset":2}""");
        await later.ExpectAsync("""{"type":"removed","channel":"chat:a","offset":3}""");
        await later.SendAsync("""{"type":"publish","channel":"chat:a","data":"next"}""");
        Assert.Contains("\"offset\":4", await MessageAsync(later), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_misspelt_parameter_erases_nothing()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        await SayAsync(client, "chat:a", 2);
        using var answer = await server.Http.DeleteAsync("/api/history?channel=chat:a&ofset=1", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("ofset is no parameter", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(2, (await client.AskAsync("""{"type":"history","channel":"chat:a"}""")).GetProperty("messages").GetArrayLength());
    }

    [Fact]
    public async Task An_erased_log_is_told_as_a_gap_and_begins_anew()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await using var conflating = await ChannelClient.ConnectAsync(server);
        var epoch = await client.SubscribeAsync("chat:a");
        await conflating.SubscribeAsync("chat:a", ",\"conflate\":true");
        await SayAsync(client, "chat:a", 2);
        Assert.Equal(2, await EraseAsync(server, "channel=chat:a"));
        Assert.Equal(0, await EraseAsync(server, "channel=chat:a"));
        var gap = await client.ReceiveJsonAsync();
        Assert.Equal(("gap", "cleared", 0, 3, 2), (ChannelClient.Text(gap, "type"), ChannelClient.Text(gap, "reason"), gap.GetProperty("offset").GetInt32(), gap.GetProperty("from").GetInt32(), gap.GetProperty("to").GetInt32()));
        var renewed = ChannelClient.Text(gap, "epoch");
        Assert.NotEqual(epoch, renewed);
        Assert.Contains("secret-1", await conflating.ReceiveAsync(), StringComparison.Ordinal);
        Assert.Contains("secret-2", await conflating.ReceiveAsync(), StringComparison.Ordinal);
        Assert.Equal("cleared", ChannelClient.Text(await conflating.ReceiveJsonAsync(), "reason"));
        var history = await client.AskAsync("""{"type":"history","channel":"chat:a"}""");
        Assert.Equal((renewed, 0, 0), (ChannelClient.Text(history, "epoch"), history.GetProperty("offset").GetInt32(), history.GetProperty("messages").GetArrayLength()));
        await client.SendAsync("""{"type":"publish","channel":"chat:a","data":"anew"}""");
        Assert.Contains("\"offset\":1,\"data\":\"anew\"", await MessageAsync(client), StringComparison.Ordinal);
        await using var later = await ChannelClient.ConnectAsync(server);
        var answer = await later.AskAsync($$$"""{"type":"subscribe","channel":"chat:a","since":{"epoch":"{{{epoch}}}","offset":2}}""");
        Assert.Equal((false, renewed), (answer.GetProperty("recovered").GetBoolean(), ChannelClient.Text(answer, "epoch")));
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("channel=not%20a%20name", 400)]
    [InlineData("channel=chat:a&offset=1", 400)]
    [InlineData("channel=chat:a&epoch=e", 400)]
    [InlineData("channel=chat:a&epoch=&offset=1", 400)]
    [InlineData("channel=chat:a&epoch=e&offset=-1", 400)]
    [InlineData("channel=chat:a&epoch=e&offset=1.5", 400)]
    [InlineData("channel=chat:a&epoch=e&offset=9007199254740992", 400)]
    [InlineData("channel=chat:a&epoch=123456789012345678901234567890123&offset=1", 400)]
    [InlineData("channel=chat:a&channel=chat:b", 400)]
    [InlineData("channel=chat:a&epoch=e&offset=1", 200)]
    [InlineData("channel=nobody:knows", 200)]
    public async Task What_is_asked_for_is_judged_and_what_is_not_there_is_no_fault(string query, int status)
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        await SayAsync(client, "chat:a", 1);
        using var response = await server.Http.DeleteAsync("/api/history?" + query);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(1, (await client.AskAsync("""{"type":"history","channel":"chat:a"}""")).GetProperty("messages").GetArrayLength());
    }

    [Fact]
    public async Task Without_the_right_nothing_is_erased()
    {
        await using var server = await StartAsync(("Tidings:ApiKey", "the-key-of-the-server-api"));
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        await SayAsync(client, "chat:a", 1);
        using var response = await server.Http.DeleteAsync("/api/history?channel=chat:a");
        Assert.Equal(401, (int)response.StatusCode);
        Assert.Equal(1, (await client.AskAsync("""{"type":"history","channel":"chat:a"}""")).GetProperty("messages").GetArrayLength());
    }

    [Fact]
    public async Task Who_catches_up_slowly_never_gets_what_was_erased_meanwhile()
    {
        await using var server = await StartAsync(("Tidings:Limits:QueueBytes", "65536"), ("Tidings:Channels:0:Pattern", "chat:*"), ("Tidings:Channels:0:History", "2000"));
        var epoch = "";
        for (var i = 1; i <= 400; i++)
        {
            epoch = (await server.Services.Node.Facade.PublishJsonAsync("chat:a", JsonSerializer.SerializeToUtf8Bytes($"{i} {new string('x', 20_000)}")))!.Value.Epoch;
        }

        // Its log does not fit its queue and the buffers on the way, so that the newest still wait when they are erased.
        await using var slow = await ChannelClient.ConnectAsync(server);
        await slow.SendAsync($$$"""{"type":"subscribe","channel":"chat:a","since":{"epoch":"{{{epoch}}}","offset":0}}""");
        await Eventually.TrueAsync(() => server.QueuedBytes > 10_000, "something waits");
        Assert.Equal(1, await server.Services.Node.Facade.EraseAsync("chat:a", new StreamPosition(epoch, 400)));
        await slow.ReceiveAsync();
        for (var i = 1; i < 400; i++)
        {
            Assert.Contains($"\"offset\":{i},", await slow.ReceiveAsync(), StringComparison.Ordinal);
        }

        await slow.ExpectAsync("""{"type":"removed","channel":"chat:a","offset":400}""");
        await slow.ExpectNothingAsync();
    }

    [Fact]
    public async Task Code_of_the_server_is_told_too()
    {
        await using var server = await StartAsync();
        var tidings = server.Services.Node.Facade;
        var first = (await tidings.PublishJsonAsync("chat:a", "1"u8.ToArray()))!.Value;
        using var end = new CancellationTokenSource(Eventually.Limit);
        await using var told = tidings.SubscribeAsync("chat:a", new SubscribeOptions { Since = first with { Offset = 0 } }, end.Token).GetAsyncEnumerator(end.Token);
        Assert.True(await told.MoveNextAsync());
        Assert.Equal(1, await tidings.EraseAsync("chat:a", first));
        Assert.True(await told.MoveNextAsync());
        Assert.Equal((ChannelMessageKind.Removed, first), (told.Current.Kind, told.Current.Position));
        Assert.Equal(1, await tidings.EraseAsync("chat:a"));
        Assert.True(await told.MoveNextAsync());
        Assert.Equal((ChannelMessageKind.Gap, "cleared"), (told.Current.Kind, told.Current.Reason));
        await tidings.PublishJsonAsync("chat:a", "2"u8.ToArray());
        Assert.True(await told.MoveNextAsync());
        Assert.Equal((ChannelMessageKind.Message, 1L), (told.Current.Kind, told.Current.Position.Offset));
        await Assert.ThrowsAsync<ArgumentException>(() => tidings.EraseAsync("not a name").AsTask());
        await Assert.ThrowsAnyAsync<ArgumentException>(() => tidings.EraseAsync("chat:a", default(StreamPosition)).AsTask());
        Assert.Single((await tidings.HistoryAsync("chat:a")).Messages);
    }

    internal static async Task<int> EraseAsync(TestServer server, string query)
    {
        using var response = await server.Http.DeleteAsync("/api/history?" + query);
        response.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("erased").GetInt32();
    }

    // Says so many things, and takes their answers and the messages.
    private static async Task SayAsync(ChannelClient client, string channel, int count)
    {
        for (var i = 1; i <= count; i++)
        {
            await client.SendAsync($$"""{"type":"publish","channel":"{{channel}}","data":"secret-{{i}}"}""");
            await client.ReceiveAsync();
            await client.ReceiveAsync();
        }
    }

    private static async Task<string> MessageAsync(ChannelClient client)
    {
        string text;
        do
        {
            text = await client.ReceiveAsync();
        }
        while (!text.StartsWith("{\"type\":\"message\"", StringComparison.Ordinal));
        return text;
    }
}

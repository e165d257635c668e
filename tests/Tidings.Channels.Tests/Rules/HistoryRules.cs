using System.Text.Json;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Rules;

/// <summary>The history of a channel, read backwards.</summary>
public abstract class HistoryRules(string pump) : ServerTests(pump)
{
    [Fact]
    public async Task A_log_is_paged_from_its_end_to_its_beginning()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        var epoch = await SayAsync(client, 25);
        var pages = new List<long[]>();
        var before = 26L;
        while (true)
        {
            var answer = await client.AskAsync($$$"""{"type":"history","channel":"chat:a","before":{"epoch":"{{{epoch}}}","offset":{{{before}}}},"limit":10}""");
            Assert.True(answer.GetProperty("recovered").GetBoolean());
            Assert.Equal(25, answer.GetProperty("offset").GetInt64());
            if (OffsetsOf(answer) is not { Length: > 0 } page)
            {
                break;
            }

            pages.Add(page);
            before = page[0];
        }

        Assert.Equal([[16, 17, 18, 19, 20, 21, 22, 23, 24, 25], [6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [1, 2, 3, 4, 5]], pages);
    }

    [Fact]
    public async Task What_the_log_no_longer_has_is_not_recovered()
    {
        await using var server = await StartAsync(("Tidings:Channels:0:Pattern", "chat:*"), ("Tidings:Channels:0:Publish", "anyone"), ("Tidings:Channels:0:History", "3"));
        await using var client = await ChannelClient.ConnectAsync(server);
        var epoch = await SayAsync(client, 10);
        var part = await client.AskAsync($$$"""{"type":"history","channel":"chat:a","before":{"epoch":"{{{epoch}}}","offset":10},"limit":9}""");
        Assert.Equal([8L, 9], OffsetsOf(part));
        var gone = await client.AskAsync($$$"""{"type":"history","channel":"chat:a","before":{"epoch":"{{{epoch}}}","offset":8}}""");
        Assert.Equal((false, 0), (gone.GetProperty("recovered").GetBoolean(), OffsetsOf(gone).Length));
        var foreign = await client.AskAsync("""{"type":"history","channel":"chat:a","before":{"epoch":"another","offset":8}}""");
        Assert.Equal((false, 0, epoch), (foreign.GetProperty("recovered").GetBoolean(), OffsetsOf(foreign).Length, ChannelClient.Text(foreign, "epoch")));
    }

    [Fact]
    public async Task A_limit_of_none_answers_the_position_alone()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await SayAsync(client, 3);
        var answer = await client.AskAsync("""{"type":"history","channel":"chat:a","limit":0}""");
        Assert.Equal((3, 0), (answer.GetProperty("offset").GetInt32(), OffsetsOf(answer).Length));
    }

    [Fact]
    public async Task An_answer_that_may_not_be_larger_holds_what_lies_next_to_the_position()
    {
        await using var server = await StartAsync(("Tidings:Limits:QueueBytes", "65536"));
        await using var client = await ChannelClient.ConnectAsync(server);
        var epoch = await SayAsync(client, 20, new string('x', 4000));
        var answer = await client.AskAsync($$$"""{"type":"history","channel":"chat:a","before":{"epoch":"{{{epoch}}}","offset":21}}""");
        var offsets = OffsetsOf(answer);
        Assert.InRange(offsets.Length, 2, 19);
        Assert.Equal(Enumerable.Range(21 - offsets.Length, offsets.Length).Select(static i => (long)i), offsets);
    }

    [Theory]
    [InlineData("{\"epoch\":\"e\",\"offset\":-1}")]
    [InlineData("{\"epoch\":\"e\",\"offset\":9007199254740992}")]
    [InlineData("{\"epoch\":\"e\",\"offset\":1.5}")]
    [InlineData("{\"epoch\":\"e\",\"offset\":1.0}")]
    [InlineData("{\"epoch\":\"e\",\"offset\":\"1\"}")]
    [InlineData("{\"epoch\":\"e\"}")]
    [InlineData("{\"offset\":1}")]
    [InlineData("{\"epoch\":\"\",\"offset\":1}")]
    [InlineData("{\"epoch\":\"123456789012345678901234567890123\",\"offset\":1}")]
    [InlineData("{\"epoch\":\"e\",\"offset\":1},\"last\":1")]
    [InlineData("{\"epoch\":\"e\",\"offset\":1},\"since\":{\"epoch\":\"e\",\"offset\":1}")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("[]")]
    public async Task A_position_that_is_none_is_refused(string before)
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        var answer = await client.AskAsync("{\"type\":\"history\",\"channel\":\"chat:a\",\"before\":" + before + "}");
        Assert.Equal(("error", "bad_request"), (ChannelClient.Text(answer, "type"), ChannelClient.Text(answer, "code")));
        Assert.Equal("before", answer.GetProperty("details")[0].GetProperty("field").GetString());
    }

    [Theory]
    [InlineData("{\"epoch\":\"e\",\"offset\":0}")]
    [InlineData("{\"epoch\":\"e\",\"offset\":9007199254740991}")]
    public async Task A_position_of_another_epoch_is_answered_without_messages(string before)
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await SayAsync(client, 2);
        var answer = await client.AskAsync("{\"type\":\"history\",\"channel\":\"chat:a\",\"before\":" + before + "}");
        Assert.Equal((false, 2, 0), (answer.GetProperty("recovered").GetBoolean(), answer.GetProperty("offset").GetInt32(), OffsetsOf(answer).Length));
    }

    private static async Task<string> SayAsync(ChannelClient client, int count, string data = "x")
    {
        var epoch = "";
        for (var i = 0; i < count; i++)
        {
            epoch = ChannelClient.Text(await client.AskAsync($$"""{"type":"publish","channel":"chat:a","data":"{{data}}"}"""), "epoch")!;
        }

        return epoch;
    }

    private static long[] OffsetsOf(JsonElement history) => [.. history.GetProperty("messages").EnumerateArray().Select(static message => message.GetProperty("offset").GetInt64())];
}

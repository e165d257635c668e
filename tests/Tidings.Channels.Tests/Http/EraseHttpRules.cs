using Tidings.Channels.Tests.Rules;

namespace Tidings.Channels.Tests.Http;

/// <summary>What streams and polls tell of erased messages.</summary>
public sealed class EraseHttpRules : HttpRules
{
    [Fact]
    public async Task A_stream_is_told_and_its_position_does_not_go_back()
    {
        await using var server = await StartAsync();
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a");
        await stream.ExpectAsync("connected");
        await SayAsync(server, "chat:a", "1", "2", "3");
        await stream.ExpectMessageAsync("1");
        await stream.ExpectMessageAsync("2");
        await stream.ExpectMessageAsync("3");
        var (before, epoch) = (stream.LastId, await EpochAsync(server));
        await EraseRules.EraseAsync(server, $"channel=chat:a&epoch={epoch}&offset=1");
        Assert.Equal(1, (await stream.ExpectAsync("removed")).GetProperty("offset").GetInt32());
        Assert.Equal(before, stream.LastId);
        await EraseRules.EraseAsync(server, "channel=chat:a");
        Assert.Equal("cleared", (await stream.ExpectAsync("gap")).GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Who_comes_back_by_a_position_finds_the_empty_place_and_goes_on_behind_it()
    {
        await using var server = await StartAsync();
        var start = (await PollAsync(server, "channel=chat:a&wait=0")).GetProperty("position").GetString();
        await SayAsync(server, "chat:a", "1", "2");
        await EraseRules.EraseAsync(server, $"channel=chat:a&epoch={await EpochAsync(server)}&offset=2");
        var poll = await PollAsync(server, $"channel=chat:a&wait=0&since={start}");
        Assert.Equal(["message", "removed"], poll.GetProperty("messages").EnumerateArray().Select(static message => message.GetProperty("type").GetString()));
        var again = await PollAsync(server, $"channel=chat:a&wait=0&since={poll.GetProperty("position").GetString()}");
        Assert.Equal((0, 0), (again.GetProperty("messages").GetArrayLength(), again.GetProperty("gaps").GetArrayLength()));
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a", start);
        await stream.ExpectAsync("connected");
        await stream.ExpectMessageAsync("1");
        await stream.ExpectAsync("removed");
        var last = stream.LastId;
        await using var later = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a", last);
        Assert.Equal(2, (await later.ExpectAsync("connected")).GetProperty("subscriptions")[0].GetProperty("offset").GetInt32());
    }

    private static async Task<string> EpochAsync(EndToEnd.Tests.Infrastructure.TestServer server) =>
        (await server.Services.Node.Broker.ReadAsync("chat:a", new Brokers.HistoryRequest(null, 0))).Top.Epoch;
}

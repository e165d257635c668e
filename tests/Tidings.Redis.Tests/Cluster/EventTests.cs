using System.Text.Json;
using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>Events, messages that are not for all, and what was erased, over nodes.</summary>
public sealed class EventTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    private readonly string _channel = $"events:{Guid.NewGuid():N}";

    [Fact]
    public async Task Who_is_excepted_is_so_on_whichever_node()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var (ann, annId) = await one.ConnectAsAsync("ann");
        var (bob, bobId) = await two.ConnectAsAsync("bob");
        await SubscribeAsync(ann);
        await SubscribeAsync(bob);
        await two.DoAsync("/api/publish", $$"""{"channel":"{{_channel}}","data":1,"event":"paid","except":"{{annId}}"}""");
        await one.DoAsync("/api/publish", $$"""{"channel":"{{_channel}}","data":2,"except":["{{bobId}}","nobody"]}""");
        await one.DoAsync("/api/publish", $$"""{"channel":"{{_channel}}","data":3,"ephemeral":true,"except":["{{bobId}}"]}""");
        await ann.SendTextAsync($$"""{"type":"publish","channel":"{{_channel}}","data":4,"except":true}""");
        Assert.Equal(("message", "2"), await NextAsync(ann));
        Assert.Equal(("message", "3"), await NextAsync(ann));
        Assert.Equal("published", (await NextAsync(ann)).Type);
        Assert.Equal(("message", "1"), await NextAsync(bob));
        Assert.Equal(("message", "4"), await NextAsync(bob));

        // Nothing is missing for either of them.
        await two.DoAsync("/api/publish", $$"""{"channel":"{{_channel}}","data":5}""");
        Assert.Equal(("message", "5"), await NextAsync(ann));
        Assert.Equal(("message", "5"), await NextAsync(bob));
        var history = await one.Tidings.HistoryAsync(_channel, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(["1", "2", "4", "5"], history.Messages.Select(static message => System.Text.Encoding.UTF8.GetString(message.Data.Span)));
        Assert.Equal("paid", history.Messages[0].Event);
    }

    [Fact]
    public async Task What_one_node_erases_all_are_told_of()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var (bob, _) = await two.ConnectAsAsync("bob");
        await SubscribeAsync(bob);
        var position = (await one.Tidings.PublishJsonAsync(_channel, "1"u8.ToArray(), cancellationToken: TestContext.Current.CancellationToken))!.Value;
        Assert.Equal(("message", "1"), await NextAsync(bob));
        Assert.Equal(1, await one.Tidings.EraseAsync(_channel, position, TestContext.Current.CancellationToken));
        await bob.ExpectTextAsync($$"""{"type":"removed","channel":"{{_channel}}","offset":{{position.Offset}}}""");
        Assert.Equal(ChannelMessageKind.Removed, (await two.Tidings.HistoryAsync(_channel, limit: 1, cancellationToken: TestContext.Current.CancellationToken)).Messages[0].Kind);
        Assert.True(await one.Tidings.EraseAsync(_channel, cancellationToken: TestContext.Current.CancellationToken) > 0);
        var gap = JsonElement.Parse(await bob.ReceiveTextAsync());
        Assert.Equal(("gap", "cleared"), (gap.GetProperty("type").GetString(), gap.GetProperty("reason").GetString()));
        await one.DoAsync("/api/publish", $$"""{"channel":"{{_channel}}","data":2}""");
        Assert.Equal(("message", "2"), await NextAsync(bob));
    }

    private Task<ClusterNode> StartAsync() => ClusterNode.StartAsync(
        redis.Server.Address, settings: [("Tidings:Channels:1:Pattern", "events:*"), ("Tidings:Channels:1:Publish", "users")]);

    private async Task SubscribeAsync(RawWebSocket socket)
    {
        await socket.SendTextAsync($$"""{"type":"subscribe","channel":"{{_channel}}"}""");
        Assert.Contains("\"subscribed\"", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
    }

    private static async Task<(string Type, string? Data)> NextAsync(RawWebSocket socket)
    {
        var frame = JsonElement.Parse(await socket.ReceiveTextAsync());
        return (frame.GetProperty("type").GetString()!, frame.TryGetProperty("data", out var data) ? data.GetRawText() : null);
    }
}

using System.Net;
using System.Text.Json;
using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>Lists and counts over all nodes, and who does not answer.</summary>
public sealed class InventoryTests : IAsyncLifetime
{
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    [Fact]
    public async Task Channels_and_connections_of_all_nodes_are_one_list()
    {
        await using var one = await ClusterNode.StartAsync(_redis.Address);
        await using var two = await ClusterNode.StartAsync(_redis.Address);
        var (ann, annId) = await one.ConnectAsAsync("ann");
        var (bob, bobId) = await two.ConnectAsAsync("bob");
        await SubscribeAsync(ann, "here:a", "here:c", "here:e");
        await SubscribeAsync(bob, "here:a", "here:b", "here:d/x");

        var page = await one.GetAsync("/api/channels?prefix=here:&limit=3");
        Assert.Equal("""{"channels":[{"channel":"here:a","subscribers":2},{"channel":"here:b","subscribers":1},{"channel":"here:c","subscribers":1}],"next":"here:c"}""", page.GetRawText());
        page = await two.GetAsync("/api/channels?prefix=here:&limit=3&after=here:c");
        Assert.Equal("""{"channels":[{"channel":"here:d/x","subscribers":1},{"channel":"here:e","subscribers":1}]}""", page.GetRawText());
        Assert.Equal(3, (await one.GetAsync("/api/channels?prefix=here:&scope=node")).GetProperty("channels").GetArrayLength());
        Assert.Equal(1, (await one.GetAsync("/api/channels?pattern=here:d*")).GetProperty("channels").GetArrayLength());

        foreach (var path in new[] { "/api/channels/here:a", "/api/channels?channel=here:a" })
        {
            var channel = await two.GetAsync(path);
            Assert.Equal(("here:a", 2, 2, 0), (channel.GetProperty("channel").GetString(), channel.GetProperty("subscribers").GetInt32(), channel.GetProperty("users").GetInt32(), channel.GetProperty("offset").GetInt32()));
        }

        Assert.Equal(1, (await one.GetAsync("/api/channels/here:d%2Fx")).GetProperty("subscribers").GetInt32());
        Assert.Equal(1, (await one.GetAsync("/api/channels/here:a?scope=node")).GetProperty("subscribers").GetInt32());

        var connections = await one.GetAsync("/api/connections?channel=here:a");
        Assert.Equal(new[] { annId, bobId }.Order(StringComparer.Ordinal), connections.GetProperty("connections").EnumerateArray().Select(static row => row.GetProperty("connection").GetString()!));
        var row = (await one.GetAsync("/api/connections?user=bob")).GetProperty("connections")[0];
        Assert.Equal(
            (bobId, "bob", (await two.GetAsync("/api/info")).GetProperty("node").GetString()),
            (row.GetProperty("connection").GetString()!, row.GetProperty("user").GetString()!, row.GetProperty("node").GetString()!));
        Assert.Empty((await one.GetAsync("/api/connections?user=bob&scope=node")).GetProperty("connections").EnumerateArray());
        Assert.Equal(["here:a"], (await one.Tidings.ChannelsAsync("here:", 1)).Items.Select(static channel => channel.Channel));
        Assert.Equal([annId], (await two.Tidings.ConnectionsAsync(channel: "here:c")).Items.Select(static connection => connection.Connection));
        Assert.Equal(2, (await two.Tidings.ChannelAsync("here:a")).Subscribers);
    }

    [Fact]
    public async Task Who_would_follow_a_connection_of_another_node_is_told_which_that_is()
    {
        await using var one = await ClusterNode.StartAsync(_redis.Address);
        await using var two = await ClusterNode.StartAsync(_redis.Address);
        var (_, id) = await two.ConnectAsAsync("bob");
        using var elsewhere = await one.OpenAsync($"/api/connections/{id}/frames");
        Assert.Equal(HttpStatusCode.Conflict, elsewhere.StatusCode);
        Assert.Contains((await two.GetAsync("/api/info")).GetProperty("node").GetString()!, await elsewhere.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var nowhere = await one.OpenAsync("/api/connections/nobody/frames");
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
        using var here = await two.OpenAsync($"/api/connections/{id}/frames");
        Assert.Equal(HttpStatusCode.OK, here.StatusCode);
    }

    [Fact]
    public async Task A_channel_that_nobody_uses_is_answered_and_not_made()
    {
        await using var one = await ClusterNode.StartAsync(_redis.Address);
        var channel = await one.GetAsync("/api/channels/here:nobody");
        Assert.Equal((0, 0, 0), (channel.GetProperty("subscribers").GetInt32(), channel.GetProperty("users").GetInt32(), channel.GetProperty("offset").GetInt32()));
        Assert.DoesNotContain("nobody", await _redis.SendAsync("KEYS", "*"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_named_until_it_counts_no_more()
    {
        await using var link = new FaultProxy(_redis.Port);
        await using var one = await ClusterNode.StartAsync(_redis.Address);
        await using var lost = await ClusterNode.StartAsync($"127.0.0.1:{link.Port}");
        var (bob, _) = await lost.ConnectAsAsync("bob");
        await SubscribeAsync(bob, "here:a");
        await Eventually.TrueAsync(async () => (await one.GetAsync("/api/channels/here:a")).GetProperty("subscribers").GetInt32() == 1, static () => "both are there");
        await link.StopListeningAsync();
        link.CutAll();
        var name = lost.Services.Node.Id;
        foreach (var path in new[] { "/api/channels", "/api/channels/here:a", "/api/connections" })
        {
            Assert.Equal([name], (await one.GetAsync(path)).GetProperty("missing").EnumerateArray().Select(static node => node.GetString()));
        }

        Assert.Equal([name], (await one.Tidings.ChannelsAsync()).Missing);
        await Eventually.TrueAsync(async () => !(await one.GetAsync("/api/channels")).TryGetProperty("missing", out _), static () => "it counts no more", TimeSpan.FromSeconds(25));
    }

    [Fact]
    public async Task How_many_subscribe_is_told_over_all_nodes()
    {
        await using var one = await ClusterNode.StartAsync(_redis.Address);
        await using var two = await ClusterNode.StartAsync(_redis.Address);
        var (ann, _) = await one.ConnectAsAsync("ann");
        await ann.SendTextAsync("""{"type":"subscribe","channel":"here:a","occupancy":true}""");
        await ann.ReceiveTextAsync();
        await ann.ExpectTextAsync("""{"type":"occupancy","channel":"here:a","subscribers":1}""");
        var (bob, _) = await two.ConnectAsAsync("bob");
        await SubscribeAsync(bob, "here:a");
        await ann.ExpectTextAsync("""{"type":"occupancy","channel":"here:a","subscribers":2}""");
        await bob.DisposeAsync();
        await ann.ExpectTextAsync("""{"type":"occupancy","channel":"here:a","subscribers":1}""");
    }

    [Fact]
    public async Task Who_is_online_is_known_over_all_nodes_and_when_others_were_until_that_is_erased()
    {
        await using var one = await ClusterNode.StartAsync(_redis.Address);
        await using var two = await ClusterNode.StartAsync(_redis.Address);
        var (ann, _) = await one.ConnectAsAsync("ann");
        var (again, _) = await two.ConnectAsAsync("ann");
        var (bob, _) = await two.ConnectAsAsync("bob");
        await bob.DisposeAsync();
        const string Asked = """{"users":["ann","bob","eve"]}""";
        await Eventually.TrueAsync(async () => (await one.DoAsync("/api/users/online", Asked)).Contains("lastSeen", StringComparison.Ordinal), static () => "bob is away", TimeSpan.FromSeconds(10));
        var online = JsonElement.Parse(await one.DoAsync("/api/users/online", Asked)).GetProperty("online");
        Assert.Equal("""{"connections":2}""", online.GetProperty("ann").GetRawText());
        Assert.InRange(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - online.GetProperty("bob").GetProperty("lastSeen").GetInt64(), -1000, 30_000);
        Assert.False(online.TryGetProperty("eve", out _));
        Assert.Equal(2, (await two.Tidings.OnlineAsync(["ann", "ann"])).Users["ann"].Connections);
        Assert.Equal("""{"erased":1}""", await one.DeleteAsync("/api/users/bob"));
        Assert.Equal("""{"erased":0}""", await two.DeleteAsync("/api/users/bob"));
        Assert.DoesNotContain("bob", await one.DoAsync("/api/users/online", Asked), StringComparison.Ordinal);
        Assert.Equal(400, (await one.PostAsync("/api/users/online", """{"users":[]}""")).Status);
        Assert.Equal(400, (await one.PostAsync("/api/users/online", $$"""{"users":[{{string.Join(',', Enumerable.Repeat("\"a\"", 1001))}}]}""")).Status);
        await ann.DisposeAsync();
        await again.DisposeAsync();
    }

    private static async Task SubscribeAsync(RawWebSocket socket, params IEnumerable<string> channels)
    {
        foreach (var channel in channels)
        {
            await socket.SendTextAsync($$"""{"type":"subscribe","channel":"{{channel}}"}""");
            Assert.Equal("subscribed", JsonElement.Parse(await socket.ReceiveTextAsync()).GetProperty("type").GetString());
        }
    }
}

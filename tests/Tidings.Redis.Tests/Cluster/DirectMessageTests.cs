using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>What is said to users, connections and clients reaches them on whichever node they are.</summary>
public sealed class DirectMessageTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    [Fact]
    public async Task Sending_to_a_user_reaches_his_connections_on_all_nodes_and_counts_them()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await using var three = await StartAsync();
        var (bob1, _) = await one.ConnectAsAsync("bob");
        var (bob3, id) = await three.ConnectAsAsync("bob");
        var (ann, _) = await two.ConnectAsAsync("ann");
        await ann.SendTextAsync("""{"type":"send","id":1,"to":"bob","data":{"a":[1,"<ü>"]}}""");
        await ann.ExpectTextAsync("""{"type":"sent","id":1,"delivered":2}""");
        await bob1.ExpectTextAsync("""{"type":"direct","from":"ann","data":{"a":[1,"<ü>"]}}""");
        await bob3.ExpectTextAsync("""{"type":"direct","from":"ann","data":{"a":[1,"<ü>"]}}""");
        await ann.SendTextAsync($$"""{"type":"send","to":"{{id}}","data":2}""");
        await ann.ExpectTextAsync("""{"type":"sent","delivered":1}""");
        await bob3.ExpectTextAsync("""{"type":"direct","from":"ann","data":2}""");
        var nobody = await one.ConnectAsync("/connect?ping=frame");
        var itself = System.Text.Json.JsonElement.Parse(await nobody.ReceiveTextAsync()).GetProperty("connection").GetString();
        await nobody.SendTextAsync($$"""{"type":"send","to":"{{id}}","data":6}""");
        await bob3.ExpectTextAsync($$"""{"type":"direct","connection":"{{itself}}","data":6}""");
        Assert.Equal("""{"delivered":2}""", await two.DoAsync("/api/send", """{"user":"bob","data":3}"""));
        Assert.Equal("""{"delivered":1}""", await two.DoAsync("/api/send", $$"""{"connection":"{{id}}","data":4}"""));
        Assert.Equal("""{"delivered":0}""", await two.DoAsync("/api/send", """{"user":"nobody","data":3}"""));
        Assert.Equal(2, await two.Tidings.SendToUserAsync("bob", 5, TestContext.Current.CancellationToken));
        await bob1.ExpectTextAsync("""{"type":"direct","data":3}""");
        await bob1.ExpectTextAsync("""{"type":"direct","data":5}""");
        foreach (var data in new[] { 3, 4, 5 })
        {
            await bob3.ExpectTextAsync($$"""{"type":"direct","data":{{data}}}""");
        }

        Assert.Empty(one.Log.Concat(two.Log).Concat(three.Log));
    }

    [Fact]
    public async Task The_server_subscribes_unsubscribes_and_disconnects_on_all_nodes()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var (bob1, _) = await one.ConnectAsAsync("bob");
        var (bob2, id) = await two.ConnectAsAsync("bob");
        Assert.Equal("""{"connections":2}""", await one.DoAsync("/api/subscribe", """{"user":"bob","channel":"news:a"}"""));
        Assert.Equal("""{"connections":0}""", await one.DoAsync("/api/subscribe", """{"user":"bob","channel":"news:a"}"""));
        await bob1.ReceiveTextAsync();
        Assert.StartsWith("""{"type":"subscribed","channel":"news:a",""", await bob2.ReceiveTextAsync(), StringComparison.Ordinal);
        Assert.Equal("""{"connections":1}""", await one.DoAsync("/api/unsubscribe", $$"""{"connection":"{{id}}","channel":"news:a"}"""));
        Assert.StartsWith("""{"type":"unsubscribed","channel":"news:a",""", await bob2.ReceiveTextAsync(), StringComparison.Ordinal);
        Assert.Equal("""{"connections":2}""", await one.DoAsync("/api/disconnect", """{"user":"bob","code":4321,"reason":"moved"}"""));
        await bob1.ExpectCloseAsync(4321, "moved");
        await bob2.ExpectCloseAsync(4321, "moved");
        var (ann, annId) = await two.ConnectAsAsync("ann");
        Assert.Equal(1, await one.Tidings.DisconnectAsync(annId));
        await ann.ExpectCloseAsync(4010, "Disconnected by server");
    }

    [Fact]
    public async Task Large_data_arrives_whole_and_in_order()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var (bob, _) = await two.ConnectAsAsync("bob");
        var large = '"' + new string('x', 900_000) + '"';
        await one.DoAsync("/api/send", $$"""{"user":"bob","data":{{large}}}""");
        Assert.Equal($$"""{"type":"direct","data":{{large}}}""", await bob.ReceiveTextAsync());
        var sending = Enumerable.Range(0, 200).Select(i => one.Tidings.SendToUserAsync("bob", i).AsTask()).ToList();
        for (var i = 0; i < 200; i++)
        {
            await bob.ExpectTextAsync($$"""{"type":"direct","data":{{i}}}""");
        }

        Assert.All(await Task.WhenAll(sending), static count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task What_is_no_request_is_dropped_and_counted()
    {
        await using var one = await StartAsync();
        var (bob, _) = await one.ConnectAsAsync("bob");
        using var metrics = new MetricProbe(one.Meters);
        string[] bad =
        [
            "", "x", "{}", "\n", "{}\n1", """{"node":"a","id":1,"do":"Send","to":"User","name":"bob"}""", """{"node":"a","id":1,"do":"Explode","to":"User","name":"bob"}""" + "\n1",
            """{"node":"a","id":1,"do":"Send","to":"Token","name":"bob"}""" + "\n1", """{"node":"a","id":1,"do":"Send","to":"User","name":"bob"}""" + "\n1}",
            """{"node":"a b","id":1,"do":"Send","to":"User","name":"bob"}""" + "\n1", """{"node":"a","id":1,"do":"Send","to":"User","name":"bob"}""" + "\n{\"a\":\n1}",
            """{"node":"a","id":1,"do":"Disconnect","to":"User","name":"bob","code":1005}""" + "\n", """{"node":"a","id":1,"do":"Disconnect","to":"AllClients","name":"bob"}""" + "\n",
            """{"node":"a","id":1,"do":"Subscribe","to":"User","name":"bob","channel":"no channel"}""" + "\n",
            """{"node":"a","id":1,"do":9,"to":"User","name":"bob"}""" + "\n1", $$"""{"node":"a","id":1,"do":"Send","to":"User","name":"{{new string('b', 600)}}"}""" + "\n1",
            new string('[', 20_000) + "\n1", "{\"node\":\"a\",\"id\":99999999999999999999}\n",
        ];
        foreach (var text in bad)
        {
            Assert.Equal(":1", await redis.Server.SendAsync("PUBLISH", "tidings:nodes", text));
        }

        await Eventually.EqualAsync(bad.Length, () => metrics.Sum("tidings.redis.dropped/nodes"), "what was dropped");
        Assert.Equal(":1", await redis.Server.SendAsync("PUBLISH", "tidings:nodes", """{"node":"a","id":1,"do":"Send","to":"User","name":"bob","later":{"x":[1]}}""" + "\n1"));
        await bob.ExpectTextAsync("""{"type":"direct","data":1}""");
    }

    [Fact]
    public async Task While_Redis_is_away_nothing_is_said_and_the_sender_is_told()
    {
        await using var own = await RedisServer.StartAsync();
        await using var one = await ClusterNode.StartAsync(own.Address, time: null, ("Tidings:Send", "users"));
        var (bob, _) = await one.ConnectAsAsync("bob");
        own.Kill();
        await Eventually.TrueAsync(async () => !await one.IsReadyAsync(), static () => "the node is not ready");
        await bob.SendTextAsync("""{"type":"send","to":"bob","data":1}""");
        await bob.ExpectTextAsync("""{"type":"error","code":"unavailable","error":"Service unavailable"}""");
        Assert.Equal(503, (await one.PostAsync("/api/send", """{"user":"bob","data":1}""")).Status);
        await own.StartAgainAsync();
        await Eventually.TrueAsync(one.IsReadyAsync, static () => "the node is ready");
        Assert.Equal("""{"delivered":1}""", await one.DoAsync("/api/send", """{"user":"bob","data":2}"""));
        string received;
        do
        {
            received = await bob.ReceiveTextAsync();
        }
        while (received.StartsWith("""{"type":"gap",""", StringComparison.Ordinal));

        Assert.Equal("""{"type":"direct","data":2}""", received);
    }

    private Task<ClusterNode> StartAsync() => ClusterNode.StartAsync(
        redis.Server.Address, time: null, ("Tidings:Send", "anyone"), ("Tidings:Channels:1:Pattern", "user:*"), ("Tidings:Channels:1:Presence", "true"));
}

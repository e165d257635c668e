using System.Diagnostics;
using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>What is revoked is revoked on every node, and stays so (G8).</summary>
public sealed class RevocationTests
{
    private const string ByServer = "Disconnected by server";

    [Fact]
    public async Task A_revoked_user_is_out_on_all_nodes_within_a_second_and_stays_out_after_a_restart()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var one = await ClusterNode.StartAsync(redis.Address);
        await using var two = await ClusterNode.StartAsync(redis.Address);
        var token = ClusterNode.TokenOf("bob", "t1");
        var (bob1, _) = await one.ConnectAsAsync("bob");
        var (bob2, _) = await two.ConnectAsAsync("bob");
        var (ann, _) = await two.ConnectAsAsync("ann");
        var watch = Stopwatch.StartNew();
        Assert.Equal("""{"connections":2}""", await one.DoAsync("/api/disconnect", """{"user":"bob","revoke":true}"""));
        await bob1.ExpectCloseAsync(4010, ByServer);
        await bob2.ExpectCloseAsync(4010, ByServer);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"It took {watch.Elapsed}.");
        await using var three = await ClusterNode.StartAsync(redis.Address);
        foreach (var node in new[] { one, two, three })
        {
            var socket = await node.ConnectAsync("/connect?token=" + token);
            await socket.ExpectCloseAsync(4001, "Invalid token");
        }

        Assert.Equal("""{"delivered":1}""", await one.DoAsync("/api/send", """{"user":"ann","data":1}"""));
        await ann.ExpectTextAsync("""{"type":"direct","data":1}""");
    }

    [Fact]
    public async Task A_connection_elsewhere_is_revoked_by_its_token()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var one = await ClusterNode.StartAsync(redis.Address);
        await using var two = await ClusterNode.StartAsync(redis.Address);
        var (bob1, _) = await one.ConnectAsAsync("bob", "t1");
        var (bob2, id) = await two.ConnectAsAsync("bob", "t1");
        var (other, noToken) = await two.ConnectAsAsync("bob");
        Assert.Equal(409, (await one.PostAsync("/api/disconnect", $$"""{"connection":"{{noToken}}","revoke":true}""")).Status);
        GC.KeepAlive(other);
        Assert.Equal("""{"connections":2}""", await one.DoAsync("/api/disconnect", $$"""{"connection":"{{id}}","revoke":true}"""));
        await bob1.ExpectCloseAsync(4010, ByServer);
        await bob2.ExpectCloseAsync(4010, ByServer);
        var socket = await one.ConnectAsync("/connect?token=" + ClusterNode.TokenOf("bob", "t1"));
        await socket.ExpectCloseAsync(4001, "Invalid token");
    }

    [Fact]
    public async Task A_node_that_was_cut_off_delivers_nothing_to_the_revoked_when_it_comes_back()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var link = new FaultProxy(redis.Port);
        await using var one = await ClusterNode.StartAsync(redis.Address);
        await using var two = await ClusterNode.StartAsync($"127.0.0.1:{link.Port}");
        var (bob, _) = await two.ConnectAsAsync("bob");
        await bob.SendTextAsync("""{"type":"subscribe","channel":"chat:a"}""");
        await bob.ReceiveTextAsync();
        await link.StopListeningAsync();
        link.CutAll();
        await Eventually.TrueAsync(async () => !await two.IsReadyAsync(), static () => "the node knows that it is cut off");
        await one.DoAsync("/api/disconnect", """{"user":"bob","revoke":true}""");
        for (var i = 0; i < 20; i++)
        {
            await one.DoAsync("/api/publish", $$"""{"channel":"chat:a","data":{{i}}}""");
        }

        link.Listen();
        await bob.ExpectCloseAsync(4010, ByServer);
    }

    [Fact]
    public async Task What_is_revoked_while_Redis_is_away_holds_here_and_is_told_when_it_is_back()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var one = await ClusterNode.StartAsync(redis.Address);
        await using var two = await ClusterNode.StartAsync(redis.Address);
        var (bob1, _) = await one.ConnectAsAsync("bob");
        var (bob2, _) = await two.ConnectAsAsync("bob");
        redis.Kill();
        await Eventually.TrueAsync(async () => !await one.IsReadyAsync() && !await two.IsReadyAsync(), static () => "both know");
        Assert.Equal(503, (await one.PostAsync("/api/disconnect", """{"user":"bob","revoke":true}""")).Status);
        await bob1.ExpectCloseAsync(4010, ByServer);
        await redis.StartAgainAsync();
        await bob2.ExpectCloseInTheEndAsync(4010, ByServer);
        Assert.Equal(":1", await redis.SendAsync("ZCARD", "tidings:revoked"));
        Assert.NotEqual(":-1", await redis.SendAsync("PTTL", "tidings:revoked"));
    }

    [Fact]
    public async Task A_server_that_was_away_is_told_by_whoever_knows()
    {
        await using var redis1 = await RedisServer.StartAsync();
        await using var redis2 = await RedisServer.StartAsync();
        var both = $"{redis1.Address};{redis2.Address}";
        await using var two = await ClusterNode.StartAsync(both);
        await using (var one = await ClusterNode.StartAsync(both))
        {
            await one.DoAsync("/api/disconnect", """{"user":"bob","revoke":true}""");
        }

        redis2.Kill();
        await Eventually.TrueAsync(async () => !await two.IsReadyAsync(), static () => "it is away");
        await redis2.StartAgainAsync();
        await Eventually.TrueAsync(async () => await redis2.SendAsync("ZCARD", "tidings:revoked") is ":1", static () => "it knows again");
        Assert.Equal(":1", await redis1.SendAsync("FLUSHALL") is "+OK" ? ":1" : "");
        await Eventually.TrueAsync(async () => await redis1.SendAsync("ZCARD", "tidings:revoked") is ":1", static () => "one that forgets is told, too");
    }

    [Fact]
    public async Task What_is_no_revocation_is_dropped_and_counted()
    {
        await using var redis = await RedisServer.StartAsync();
        Assert.Equal(":4", await redis.SendAsync("ZADD", "tidings:revoked", "1", "user:", "2", "bob", "-5", "user:ann", "1e300", "user:eve"));
        await using var one = await ClusterNode.StartAsync(redis.Address);
        using var metrics = new MetricProbe(one.Meters);
        string[] bad = ["", "x", "{}", "[1]", """["user:bob"]""", """["user:bob","1"]""", """["bob",5]""", """["user:bob",5""", """["user:bob",-5]""", "[[[[[[[["];
        foreach (var text in bad)
        {
            Assert.Equal(":1", await redis.SendAsync("PUBLISH", "tidings:revocations", text));
        }

        await Eventually.EqualAsync(bad.Length, () => metrics.Sum("tidings.redis.dropped/revocations"), "what was dropped");
        Assert.True(one.Services.Node.Registry.Revocations.IsEmpty);
    }
}

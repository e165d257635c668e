using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>B36: a user has as many connections as allowed on all nodes together.</summary>
public sealed class ConnectionLimitTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    private const int Limit = 10;

    private static readonly (string, string?) PerUser = ("Tidings:Limits:ConnectionsPerUser", "10");

    [Fact]
    public async Task Over_three_nodes_a_user_gets_in_as_often_as_he_may()
    {
        await using var one = await StartAsync("a:");
        await using var two = await StartAsync("a:");
        await using var three = await StartAsync("a:");
        ClusterNode[] nodes = [one, two, three];
        for (var round = 0; round < 3; round++)
        {
            var sockets = await Task.WhenAll(Enumerable.Range(0, 45).Select(i => nodes[i % 3].ConnectAsync("/connect?ping=frame&token=" + ClusterNode.TokenOf("bob"))));
            var firsts = await Task.WhenAll(sockets.Select(static socket => socket.ReceiveAsync()));
            Assert.InRange(firsts.Count(static frame => frame.Opcode == RawFrame.TextOpcode), Limit - 2, Limit);
            Assert.All(firsts.Where(static frame => frame.Opcode != RawFrame.TextOpcode), static frame => Assert.Equal(1008, RawWebSocket.CodeOf(frame)));
            var (ann, _) = await nodes[round].ConnectAsAsync("ann" + round);
            await ann.DisposeAsync();
            foreach (var socket in sockets)
            {
                await socket.DisposeAsync();
            }

            foreach (var node in nodes)
            {
                await Eventually.EqualAsync(0, () => node.Services.Node.Registry.CountOf("bob"), "bob's connections");
            }
        }

        await Eventually.TrueAsync(async () => (await redis.Server.SendAsync("KEYS", "a:lease:*:users")).TrimEnd() is "*0", static () => "nothing is left in Redis");
    }

    [Fact]
    public async Task While_Redis_is_away_each_node_counts_its_own_and_all_count_on_return()
    {
        await using var own = await RedisServer.StartAsync();
        await using var one = await ClusterNode.StartAsync(own.Address, time: null, PerUser);
        await using var two = await ClusterNode.StartAsync(own.Address, time: null, PerUser);
        var sockets = new List<RawWebSocket>();
        for (var i = 0; i < Limit; i++)
        {
            sockets.Add((await one.ConnectAsAsync("bob")).Socket);
        }

        own.Kill();
        await Eventually.TrueAsync(async () => !await one.IsReadyAsync() && !await two.IsReadyAsync(), static () => "both know");
        var refused = await one.ConnectAsync("/ws?token=" + ClusterNode.TokenOf("bob"));
        await refused.ExpectCloseAsync(1008);
        await own.StartAgainAsync();
        await Eventually.TrueAsync(async () => await one.IsReadyAsync() && await two.IsReadyAsync(), static () => "both are back");
        refused = await two.ConnectAsync("/ws?token=" + ClusterNode.TokenOf("bob"));
        await refused.ExpectCloseAsync(1008);
        GC.KeepAlive(sockets);
    }

    [Fact]
    public async Task Where_there_is_no_limit_Redis_is_not_asked()
    {
        await using var own = await RedisServer.StartAsync();
        await using var one = await ClusterNode.StartAsync(own.Address);
        using var monitor = await RedisMonitor.StartAsync(own.Port);
        var socket = await one.ConnectAsync("/ws/clients/bob:1?ping=frame&token=" + ClusterNode.TokenOf("bob"));
        await socket.SendPingAsync();
        await socket.ExpectPongAsync();
        Assert.DoesNotContain(":users", await monitor.StopAsync(), StringComparison.Ordinal);
    }

    private Task<ClusterNode> StartAsync(string prefix) => ClusterNode.StartAsync(redis.Server.Address, time: null, PerUser, ("Tidings:RedisPrefix", prefix));
}

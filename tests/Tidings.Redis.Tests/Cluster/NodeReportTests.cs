using System.Text.Json;
using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>Who watches one node sees what all of them do.</summary>
public sealed class NodeReportTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    [Fact]
    public async Task Whoever_watches_one_node_gets_the_reports_of_all()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await using var three = await StartAsync();
        var (bob, _) = await three.ConnectAsAsync("bob");
        using var limit = new CancellationTokenSource(Eventually.Limit);
        Dictionary<string, long> connections = [];
        await foreach (var report in one.Services.Node.Reports.WatchAsync(limit.Token))
        {
            var json = JsonElement.Parse(report.Span);
            connections[json.GetProperty("node").GetString()!] = json.GetProperty("connections").GetProperty("websocket").GetInt64();
            if (connections.Count == 3)
            {
                break;
            }
        }

        Assert.Equal([0, 0, 1], connections.Values.Order());
        Assert.Empty(one.Log.Concat(two.Log).Concat(three.Log));
        await bob.DisposeAsync();
    }

    [Fact]
    public async Task A_node_that_cannot_reach_Redis_still_reports_to_who_watches_it_and_says_so()
    {
        await using var own = await RedisServer.StartAsync();
        await using var node = await ClusterNode.StartAsync(own.Address);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var killed = false;
        await foreach (var report in node.Services.Node.Reports.WatchAsync(limit.Token))
        {
            var available = JsonElement.Parse(report.Span).GetProperty("available").GetBoolean();
            if (killed && !available)
            {
                return;
            }

            own.Kill();
            killed = true;
        }

        Assert.Fail("The reports have ended.");
    }

    private Task<ClusterNode> StartAsync() => ClusterNode.StartAsync(redis.Server.Address);
}

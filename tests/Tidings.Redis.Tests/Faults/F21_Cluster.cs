using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Redis.Servers;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Faults;

/// <summary>A Redis Cluster fails over, and moves slots: nodes follow, no position gets a second payload, and all listeners are told.</summary>
public sealed class F21_Cluster
{
    [Fact]
    public async Task Nodes_follow_when_a_master_dies_and_all_others_go_on()
    {
        await using var redis = await ClusterOfRedis.StartAsync(replicas: true, RedisPersistence.Always);
        await using var world = new RedisWorld(redis.Address);
        var (one, two) = (await world.NodeAsync(), await world.NodeAsync());
        var (hit, spared) = (ChannelAt(master: 1), ChannelAt(master: 2));
        using var listener = await Listener.OnAsync(two, hit);
        var before = await SayAllAsync(one, hit);
        await one.SayAsync(spared, "0");
        await listener.HasHeardAsync(before);
        await redis.Servers[1].KillAsync();

        // Channels of the other masters know nothing of it, but for the moment in which a Cluster without a master counts as down.
        var (after, other) = (await SayWhenBackAsync(one, hit), await SayWhenBackAsync(two, spared));
        Assert.NotEqual(before.Epoch, after.Epoch);
        Assert.True(other.Offset >= 2, $"{other}");
        await listener.HasHeardAsync(after);

        // The old master comes back as a replica, and nothing is moved by it.
        await redis.Servers[1].StartAgainAsync();
        await Eventually.TrueAsync(async () => (await redis.Servers[1].AskAsync("INFO", "replication")).Contains("role:slave", StringComparison.Ordinal), static () => "the old master follows", TimeSpan.FromSeconds(60));
        var last = await SayWhenBackAsync(two, hit);
        Assert.Equal(after.Epoch, last.Epoch);
        await listener.HasHeardAsync(last);
        Assert.Equal(listener.Heard.Count, listener.Heard.Select(static message => message.Position).Distinct().Count());
    }

    [Fact]
    public async Task With_replicas_logs_go_on_when_a_master_dies()
    {
        await using var redis = await ClusterOfRedis.StartAsync(replicas: true, RedisPersistence.Always);
        await using var world = new RedisWorld(redis.Address, static options => options.Replicas = 1);
        var node = await world.NodeAsync();
        var channel = ChannelAt(master: 1);
        var said = new List<StreamPosition>();
        for (var i = 0; i < 20; i++)
        {
            said.Add(await node.SayAsync(channel, $"{i}", durable: true));
        }

        await redis.Servers[1].KillAsync();
        var after = await SayWhenBackAsync(node, channel);
        Assert.NotEqual(said[^1].Epoch, after.Epoch);
        Assert.Equal(21, after.Offset);
        var history = (await node.ReadAsync(channel, last: 100)).Messages;
        Assert.Equal([.. Enumerable.Range(0, 20).Select(static i => $"{i}"), "after"], history.Select(static message => Encoding.UTF8.GetString(message.Data.Bytes.Span)));
        await Assert.ThrowsAsync<NotDurableException>(() => node.SayAsync(channel, "no replica is left", durable: true));
    }

    [Fact]
    public async Task A_slot_that_moves_takes_its_channels_along_under_a_new_epoch()
    {
        await using var redis = await ClusterOfRedis.StartAsync();
        await using var world = new RedisWorld(redis.Address);
        var (one, two) = (await world.NodeAsync(), await world.NodeAsync());
        var channel = ChannelAt(master: 0);
        var slot = SlotOf(channel);
        using var listener = await Listener.OnAsync(two, channel);
        var before = await SayAllAsync(one, channel);
        await listener.HasHeardAsync(before);

        var publishing = SayWhileAsync(one, channel, out var stop);
        await redis.MoveAsync(slot, redis.Servers[0], redis.Servers[2]);
        Assert.Same(redis.Servers[2], await redis.LeaderOfAsync(slot));
        var after = await SayWhenBackAsync(two, channel);
        stop();
        var said = await publishing;
        Assert.NotEqual(before.Epoch, after.Epoch);
        await listener.HasHeardAsync(after);
        var all = said.Append(after).ToList();
        Assert.Equal(all.Count, all.Distinct().Count());
        Assert.Equal(listener.Heard.Count, listener.Heard.Select(static message => message.Position).Distinct().Count());
    }

    [Fact]
    public async Task Nodes_of_another_number_of_servers_do_not_start_beside_others()
    {
        await using var first = await RedisServer.StartAsync();
        await using var second = await RedisServer.StartAsync();
        await using var world = new RedisWorld(first.Address);
        var one = await world.NodeAsync();
        var fault = await Assert.ThrowsAsync<SpreadMismatchException>(() => world.NodeAsync(through: $"{first.Address};{second.Address}"));
        Assert.Contains("jump 1 of 1", fault.Message, StringComparison.Ordinal);
        Assert.Contains("jump 1 of 2", fault.Message, StringComparison.Ordinal);

        // Those that are there go on, and once they have gone others may come.
        Assert.Equal(1, (await one.SayAsync("a", "x")).Offset);
        await one.Backplane.DisposeAsync();
        await first.SendAsync("ZADD", "tidings:leases", "XX", "0", (await first.SendAsync("ZRANGE", "tidings:leases", "0", "0")).Split("\r\n")[2]);
        await world.NodeAsync(through: $"{first.Address};{second.Address}");
    }

    private static string ChannelAt(int master)
    {
        var (first, last) = (16384 / 3 * master, (16384 / 3 * (master + 1)) - 1);
        return Enumerable.Range(0, 1000).Select(static i => $"chat:{i}").First(name => SlotOf(name) >= first && SlotOf(name) <= last);
    }

    private static int SlotOf(string channel) => RedisCluster.SlotOf(RedisSpread.IndexOf(channel, RedisCluster.Tags.Count));

    private static async Task<StreamPosition> SayAllAsync(BrokerNode node, string channel)
    {
        StreamPosition last = default;
        for (var i = 0; i < 20; i++)
        {
            last = await node.SayAsync(channel, $"{i}");
        }

        return last;
    }

    private static Task<List<StreamPosition>> SayWhileAsync(BrokerNode node, string channel, out Action stop)
    {
        var ended = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        stop = ended.Cancel;
        return Task.Run(async () =>
        {
            var said = new List<StreamPosition>();
            for (var i = 0; !ended.IsCancellationRequested; i++)
            {
                try
                {
                    said.Add(await node.SayAsync(channel, $"m{i}"));
                }
                catch (BrokerUnavailableException)
                {
                    await Task.Delay(10);
                }
            }

            ended.Dispose();
            return said;
        });
    }

    private static async Task<StreamPosition> SayWhenBackAsync(BrokerNode node, string channel)
    {
        StreamPosition? position = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    position = await node.SayAsync(channel, "after");
                    return true;
                }
                catch (BrokerUnavailableException)
                {
                    return false;
                }
            },
            static () => "it is accepted again",
            TimeSpan.FromSeconds(60));
        return position!.Value;
    }
}

using TestKit;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Faults;

/// <summary>Whatever happens to Redis, no offset of an epoch is given out twice: the epoch changes whenever the log may have shrunk.</summary>
public sealed class EpochRules
{
    [Fact]
    public async Task With_every_write_on_disk_a_kill_changes_nothing_and_what_was_acknowledged_is_there()
    {
        await using var redis = await RedisServer.StartAsync(RedisPersistence.Always);
        await using var world = new RedisWorld(redis.Address);
        var node = await world.NodeAsync();
        using var listener = await Listener.OnAsync(node, "a");
        var before = default(StreamPosition);
        for (var i = 0; i < 50; i++)
        {
            before = await node.SayAsync("a", $"{i}", key: $"key{i}", durable: true);
        }

        await KillAndReturnAsync(redis, node);
        Assert.Equal(before, await node.SayAsync("a", "49", key: "key49", durable: true));
        var after = await node.SayAsync("a", "after", durable: true);
        Assert.Equal(before with { Offset = 51 }, after);
        await listener.HasHeardAsync(after);
        Assert.Equal(Enumerable.Range(1, 51).Select(static i => (long)i), listener.Offsets);
        Assert.Equal(51, (await node.ReadAsync("a", before with { Offset = 0 })).Messages.Count);
    }

    [Theory]
    [InlineData(RedisPersistence.None)]
    [InlineData(RedisPersistence.EverySecond)]
    public async Task Without_it_durability_is_refused_and_a_kill_changes_the_epoch(RedisPersistence persistence)
    {
        await using var redis = await RedisServer.StartAsync(persistence);
        await using var world = new RedisWorld(redis.Address);
        var node = await world.NodeAsync();
        using var listener = await Listener.OnAsync(node, "a");
        await Assert.ThrowsAsync<NotDurableException>(() => node.SayAsync("a", "x", durable: true));
        var before = await node.SayAsync("a", "before");
        await listener.HasHeardAsync(before);
        await KillAndReturnAsync(redis, node);
        var after = await node.SayAsync("a", "after");
        Assert.NotEqual(before.Epoch, after.Epoch);
        Assert.Equal(1, after.Offset);
        await listener.HasHeardAsync(after);
        Assert.Equal(2, listener.Heard.Count);
        Assert.False((await node.ReadAsync("a", before)).Recovered);
    }

    [Fact]
    public async Task Durability_that_is_switched_off_while_it_runs_is_noticed()
    {
        await using var redis = await RedisServer.StartAsync(RedisPersistence.Always);
        await using var world = new RedisWorld(redis.Address);
        var node = await world.NodeAsync();
        await node.SayAsync("a", "x", durable: true);
        await redis.SendAsync("CONFIG", "SET", "appendfsync", "everysec");
        await Eventually.TrueAsync(
            async () => await Record.ExceptionAsync(() => node.SayAsync("a", "x", durable: true)) is NotDurableException, static () => "durability is refused");
    }

    [Theory]
    [InlineData("FLUSHALL")]
    [InlineData("DEL", "tidings:generation")]
    [InlineData("DEL", "tidings:log:a")]
    [InlineData("SET", "tidings:log:a", "something")]
    [InlineData("HSET", "tidings:log:a", "o", "nothing")]
    [InlineData("SET", "tidings:stream:a", "something")]
    [InlineData("XADD", "tidings:stream:a", "*", "p", "foreign")]
    [InlineData("XADD", "tidings:stream:a", "4-0", "p", "foreign")]
    public async Task What_was_taken_away_or_spoilt_begins_anew(params string[] command)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var world = new RedisWorld(redis.Address);
        var (one, two) = (await world.NodeAsync(), await world.NodeAsync());
        using var listener = await Listener.OnAsync(two, "a");
        var before = default(StreamPosition);
        for (var i = 0; i < 3; i++)
        {
            before = await one.SayAsync("a", $"{i}");
        }

        await listener.HasHeardAsync(before);
        var answer = await redis.SendAsync(command);
        Assert.False(answer.StartsWith('-'), answer);
        var after = await one.SayAsync("a", "after");
        Assert.NotEqual(before.Epoch, after.Epoch);
        await listener.HasHeardAsync(after);
        Assert.Equal([1, 2, 3, 1], listener.Offsets);
        var next = await two.SayAsync("a", "next");
        Assert.Equal(after with { Offset = 2 }, next);
        Assert.Equal(2, (await two.ReadAsync("a", after with { Offset = 0 })).Messages.Count);
        Assert.False((await two.ReadAsync("a", before)).Recovered);
    }

    // The key outlives the log: what it names is nowhere any more, and nobody would ever hear the message.
    [Theory]
    [InlineData("DEL", "tidings:generation")]
    [InlineData("DEL", "tidings:log:a")]
    [InlineData("HDEL", "tidings:log:a", "e")]
    [InlineData("SET", "tidings:log:a", "something")]
    public async Task An_idempotency_key_of_an_older_epoch_is_no_answer(params string[] command)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var world = new RedisWorld(redis.Address);
        var (one, two) = (await world.NodeAsync(), await world.NodeAsync());
        using var listener = await Listener.OnAsync(two, "a");
        await one.SayAsync("a", "other");
        var before = await one.SayAsync("a", "paid", key: "once");
        await listener.HasHeardAsync(before);
        Assert.False((await redis.SendAsync(command)).StartsWith('-'));
        var after = await one.SayAsync("a", "paid", key: "once");
        Assert.NotEqual(before.Epoch, after.Epoch);
        Assert.Equal(1, after.Offset);
        await listener.HasHeardAsync(after);
        Assert.Single((await two.ReadAsync("a", after with { Offset = 0 })).Messages);
        Assert.Equal(after, await two.SayAsync("a", "paid", key: "once"));
    }

    [Fact]
    public async Task Who_listens_is_told_that_a_log_is_gone_though_nobody_speaks()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var world = new RedisWorld(redis.Address);
        var node = await world.NodeAsync();
        using var listener = await Listener.OnAsync(node, "a");
        var before = await node.SayAsync("a", "before");
        await redis.SendAsync("FLUSHALL");
        await Eventually.TrueAsync(() => listener.Gap is not null, "a gap is told", TimeSpan.FromSeconds(5));
        Assert.NotEqual(before.Epoch, listener.Gap!.Value.Epoch);
        Assert.Equal(listener.Gap, (await node.ReadAsync("a")).Top);
    }

    [Fact]
    public async Task An_evicted_stream_is_trimmed_history_and_no_more()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var world = new RedisWorld(redis.Address);
        var node = await world.NodeAsync();
        var before = await node.SayAsync("a", "before");
        await redis.SendAsync("DEL", "tidings:stream:a");
        var after = await node.SayAsync("a", "after");
        Assert.Equal(before with { Offset = 2 }, after);
        Assert.False((await node.ReadAsync("a", before with { Offset = 0 })).Recovered);
        Assert.True((await node.ReadAsync("a", before)).Recovered);
    }

    // What was acknowledged by one server and never reached the other must not be said again under the same offset, whichever of them leads.
    [Fact]
    public async Task A_failover_and_the_way_back_give_no_position_twice()
    {
        await using var first = await RedisServer.StartAsync(RedisPersistence.Always);
        await using var second = await RedisServer.StartAsync(RedisPersistence.Always);
        await second.SendAsync("REPLICAOF", "127.0.0.1", $"{first.Port}");
        await Eventually.TrueAsync(async () => (await second.SendAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal), static () => "the replica follows");
        await using var proxy = new FaultProxy(first.Port);
        await using var world = new RedisWorld($"127.0.0.1:{proxy.Port}");
        var node = await world.NodeAsync();
        using var listener = await Listener.OnAsync(node, "a");
        var positions = new HashSet<StreamPosition> { await node.SayAsync("a", "first") };

        foreach (var (old, next) in ((RedisServer, RedisServer)[])[(first, second), (second, first), (first, second)])
        {
            await next.SendAsync("REPLICAOF", "NO", "ONE");
            proxy.Target = next.Port;
            proxy.CutAll();
            await old.SendAsync("REPLICAOF", "127.0.0.1", $"{next.Port}");
            var after = await SayWhenBackAsync(node);
            Assert.True(positions.Add(after), $"{after} was given twice");
            await listener.HasHeardAsync(after);
        }
    }

    // The connection does not break: a replica for a moment, and leading again.
    [Fact]
    public async Task A_server_that_was_a_replica_in_between_changes_the_epoch_though_no_connection_broke()
    {
        await using var redis = await RedisServer.StartAsync(RedisPersistence.Always);
        await using var other = await RedisServer.StartAsync();
        await using var world = new RedisWorld(redis.Address);
        var node = await world.NodeAsync();
        var before = await node.SayAsync("a", "before");
        await redis.SendAsync("REPLICAOF", "127.0.0.1", $"{other.Port}");
        await Eventually.TrueAsync(async () => (await redis.SendAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal), static () => "it follows");
        await redis.SendAsync("REPLICAOF", "NO", "ONE");
        Assert.NotEqual(before.Epoch, (await SayWhenBackAsync(node)).Epoch);
    }

    private static async Task KillAndReturnAsync(RedisServer redis, BrokerNode node)
    {
        redis.Kill();
        await Eventually.TrueAsync(() => !node.Backplane.IsAvailable, "the node knows that Redis is away");
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => node.SayAsync("a", "away"));
        await redis.StartAgainAsync();
        await Eventually.TrueAsync(() => node.Backplane.IsAvailable, "Redis is back", TimeSpan.FromSeconds(5));
    }

    private static async Task<StreamPosition> SayWhenBackAsync(BrokerNode node)
    {
        StreamPosition? said = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    said = await node.SayAsync("a", "again");
                    return true;
                }
                catch (BrokerUnavailableException)
                {
                    return false;
                }
            },
            static () => "publishing works again");
        return said!.Value;
    }
}

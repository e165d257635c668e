using System.Diagnostics;
using TestKit;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Engine;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;
using Tidings.Testing;

namespace Tidings.Redis.Tests.Broker;

/// <summary>B49: a name that is only read makes nothing. Its log has an epoch all the same, which its first message takes, and which is never used again.</summary>
public abstract class AbsentLogRules
{
    private static int s_channels;

    private protected string Channel { get; } = $"absent:{Interlocked.Increment(ref s_channels)}";

    private protected abstract Task<BrokerNode> NodeAsync();

    /// <summary>How many logs are kept.</summary>
    private protected abstract Task<long> LogsAsync();

    /// <summary>Has a log end by its age, unnoticed by anybody.</summary>
    private protected abstract Task ForgetAsync(string channel);

    [Fact]
    public async Task Names_that_are_read_and_listened_to_leave_nothing_behind()
    {
        var node = await NodeAsync();
        var before = await LogsAsync();
        for (var i = 0; i < 2_000; i++)
        {
            var part = await node.ReadAsync($"{Channel}.{i}", last: 10);
            Assert.Equal(0, part.Top.Offset);
            Assert.False((await node.ReadAsync($"{Channel}.{i}", new StreamPosition("0123456789abcdef", 7))).Recovered);
            Assert.Null(await node.Broker.PublishAsync(new Publication($"{Channel}.{i}", MessageData.Text("typing")) { Ephemeral = true }));
        }

        for (var i = 0; i < 100; i++)
        {
            using var listener = await Listener.OnAsync(node, $"{Channel}.{i}");
        }

        Assert.Equal(before, await LogsAsync());
    }

    [Fact]
    public async Task The_first_message_takes_the_epoch_that_was_read()
    {
        var (one, two) = (await NodeAsync(), await NodeAsync());
        for (var i = 0; i < 300; i++)
        {
            var name = $"{Channel}.{i}";
            var top = (await one.ReadAsync(name)).Top;
            Assert.Equal(top, (await two.ReadAsync(name)).Top);
            Assert.True((await one.ReadAsync(name, top)).Recovered);
            Assert.Equal(top with { Offset = 1 }, await two.SayAsync(name, "one"));
            Assert.Single((await one.ReadAsync(name, top)).Messages);
        }
    }

    [Fact]
    public async Task No_epoch_of_a_name_is_used_again()
    {
        var node = await NodeAsync();
        var epochs = new HashSet<string>();
        for (var i = 0; i < 150; i++)
        {
            var top = (await node.ReadAsync(Channel)).Top;
            Assert.True(epochs.Add(top.Epoch));
            var said = await node.SayAsync(Channel, $"{i}", age: TimeSpan.FromMinutes(1));
            Assert.Equal(top with { Offset = 1 }, said);
            await ForgetAsync(Channel);
            Assert.False((await node.ReadAsync(Channel, said)).Recovered);
            Assert.False((await node.ReadAsync(Channel, top)).Recovered);
        }
    }
}

public sealed class MemoryAbsentLogRules : AbsentLogRules, IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly BrokerNode _node;

    public MemoryAbsentLogRules()
    {
        var hub = new Hub(_time);
        _node = new BrokerNode(hub, new MemoryBackplane(hub, _time));
    }

    private protected override Task<BrokerNode> NodeAsync() => Task.FromResult(_node);

    private protected override Task<long> LogsAsync() => Task.FromResult<long>(((MemoryBroker)_node.Broker).Logs);

    private protected override Task ForgetAsync(string channel)
    {
        _time.Advance(TimeSpan.FromMinutes(10));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _node.Backplane.DisposeAsync();
}

public sealed class RedisAbsentLogRules(SharedRedis redis) : AbsentLogRules, IClassFixture<SharedRedis>, IAsyncDisposable
{
    private readonly RedisWorld _world = new(redis.Server.Address);

    private protected override Task<BrokerNode> NodeAsync() => _world.NodeAsync();

    private protected override async Task<long> LogsAsync() => long.Parse((await redis.Server.SendAsync("DBSIZE"))[1..], null);

    private protected override async Task ForgetAsync(string channel)
    {
        await redis.Server.SendAsync("PEXPIRE", $"tidings:log:{channel}", "1");
        await Eventually.TrueAsync(async () => await redis.Server.SendAsync("EXISTS", $"tidings:log:{channel}") == ":0", static () => "the log has ended");
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}

/// <summary>B49 with a worker that publishes over Redis alone, and brings an epoch of its own along.</summary>
public sealed class AbsentLogOutsideTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    [Fact]
    public async Task Who_listened_before_the_first_message_and_was_cut_off_meanwhile_misses_nothing()
    {
        await using var proxy = new FaultProxy(redis.Server.Port);
        await using var world = new RedisWorld(redis.Server.Address);
        var (one, two) = (await world.NodeAsync($"127.0.0.1:{proxy.Port}"), await world.NodeAsync($"127.0.0.1:{proxy.Port}"));
        using var first = await Listener.OnAsync(one, "outside");
        using var second = await Listener.OnAsync(two, "outside");
        var top = (await one.ReadAsync("outside")).Top;
        Assert.Equal(new StreamPosition(top.Epoch, 0), top);
        Assert.Equal(top, (await two.ReadAsync("outside")).Top);

        await CutAsync(proxy, one, two);
        Assert.Equal("1\n2\n", await WorkAsync(redis.Server, 2));
        proxy.Target = redis.Server.Port;
        foreach (var listener in (Listener[])[first, second])
        {
            await listener.HasHeardAsync(top with { Offset = 2 });
            Assert.Equal([1, 2], listener.Offsets);
            Assert.Null(listener.Gap);
        }

        // Forgotten while they are away, and begun again: never the same epoch, and they are told.
        for (var round = 0; round < 3; round++)
        {
            await CutAsync(proxy, one, two);
            await redis.Server.SendAsync("DEL", "tidings:log:outside", "tidings:stream:outside");
            Assert.Equal("1\n2\n", await WorkAsync(redis.Server, 2));
            proxy.Target = redis.Server.Port;
            await Eventually.TrueAsync(() => one.Backplane.IsAvailable && two.Backplane.IsAvailable, "both are back");
            var now = (await one.ReadAsync("outside")).Top;
            Assert.NotEqual(top.Epoch, now.Epoch);
            Assert.False((await two.ReadAsync("outside", top with { Offset = 2 })).Recovered);
            await first.HasHeardAsync(now);
            await second.HasHeardAsync(now);
            top = now;
        }

        Assert.Equal(first.Heard.Select(static message => message.Position), second.Heard.Select(static message => message.Position));
        Assert.Equal(8, first.Heard.Select(static message => message.Position).Distinct().Count());
    }

    private static async Task CutAsync(FaultProxy proxy, params BrokerNode[] nodes)
    {
        proxy.Target = 0;
        proxy.CutAll();
        await Eventually.TrueAsync(() => nodes.All(static node => !node.Backplane.IsAvailable), "they are cut off");
    }

    private static async Task<string> WorkAsync(RedisServer redis, int messages)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var outside = Path.Combine(AppContext.BaseDirectory, "outside");
        string[] arguments = [Path.Combine(outside, "redis_worker.py"), Path.Combine(outside, "publish.lua"), "outside", $"{messages}", $"redis://{redis.Address}", "tidings:"];
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return output;
    }
}

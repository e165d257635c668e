using System.Diagnostics;
using TestKit;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Broker;

public sealed class RedisAbsentLogRules(SharedRedis redis) : AbsentLogRules, IClassFixture<SharedRedis>, IAsyncDisposable
{
    private readonly RedisWorld _world = new(redis.Server.Address);

    protected override async Task<EngineNode> NodeAsync() => await _world.NodeAsync();

    // Whatever is called after such a channel: leases of other tests' nodes come and go.
    protected override async Task<long> LogsAsync() => long.Parse((await redis.Server.SendAsync("EVAL", "return #redis.call('KEYS', '*absent:*')", "0"))[1..], null);

    protected override async Task ForgetAsync(string channel)
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

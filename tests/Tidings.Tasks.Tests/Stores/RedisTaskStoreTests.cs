using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using TestKit;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Redis;
using Tidings.Specification;

namespace Tidings.Tasks.Tests.Stores;

/// <summary>The same on a real Redis.</summary>
public sealed class RedisTaskStoreTests(RedisTaskStoreTests.OneRedis redis) : TaskStoreRules, IClassFixture<RedisTaskStoreTests.OneRedis>, IAsyncLifetime
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private RedisBackplane _node = null!;

    protected override ITaskStore Store => _node.Tasks;

    protected override Task PassAsync(TimeSpan time) => Task.Delay(time);

    public async ValueTask InitializeAsync() => _node = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Two_nodes_have_the_same_tasks()
    {
        await using var other = await StartAsync();
        var record = Record(NewId());
        Assert.Equal(TaskAdded.Yes, await Store.TryAddAsync(record, TimeSpan.FromMinutes(1)));
        Assert.Equal(TaskAdded.Exists, await other.Tasks.TryAddAsync(record, TimeSpan.FromMinutes(1)));
        Assert.True(await other.Tasks.TryReplaceAsync(record.Next(record.State with { Progress = 50 }), record.Version, TimeSpan.FromMinutes(1)));
        Assert.False(await Store.TryReplaceAsync(record.Next(record.State), record.Version, TimeSpan.FromMinutes(1)));
        Assert.Equal(50, (await Store.FindAsync(record.Id))!.State.Progress);
    }

    [Fact]
    public async Task What_is_no_task_is_not_found_and_every_key_lives_for_a_time_only()
    {
        var record = Record(NewId());
        await Store.TryAddAsync(record, TimeSpan.FromSeconds(1));
        Assert.InRange(long.Parse(await redis.Server.AskAsync("PTTL", "t:task:" + record.Id), null), 80_000_000, 90_000_000);
        Assert.InRange(long.Parse(await redis.Server.AskAsync("PTTL", "t:tasks:due"), null), 80_000_000, 90_000_000);
        await redis.Server.SendAsync("HSET", "t:task:" + record.Id, "r", "{}");
        Assert.Null(await Store.FindAsync(record.Id));
        await redis.Server.SendAsync("HSET", "t:task:" + record.Id, "v", "x");
        Assert.Null(await Store.FindAsync(record.Id));
        Assert.DoesNotContain(await Store.ListDueAsync(100), due => due.Id == record.Id);
    }

    [Fact]
    public async Task Without_redis_calls_fail_in_time()
    {
        await using var server = await RedisServer.StartAsync();
        var node = await StartAsync(server);
        server.Kill();
        var began = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAsync<BrokerUnavailableException>(async () => await node.Tasks.FindAsync("a"));
        await Assert.ThrowsAsync<BrokerUnavailableException>(async () => await node.Tasks.TryAddAsync(Record("a"), TimeSpan.FromSeconds(1)));
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 10);
        await node.DisposeAsync();
    }

    private async Task<RedisBackplane> StartAsync(RedisServer? server = null)
    {
        var options = new RedisOptions { Configuration = (server ?? redis.Server).Address, Prefix = "t:" };
        var node = new RedisBackplane(options, "node", new Hub(TimeProvider.System), TimeProvider.System, _services.GetRequiredService<IMeterFactory>(), NullLogger.Instance);
        await node.StartAsync(CancellationToken.None);
        Assert.True(node.IsAvailable);
        return node;
    }

    public sealed class OneRedis : IAsyncLifetime
    {
        public RedisServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await RedisServer.StartAsync();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}

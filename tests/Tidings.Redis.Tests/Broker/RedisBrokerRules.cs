using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Broker;

/// <summary>The rules, for three nodes on one Redis.</summary>
public class RedisBrokerRules : KeyedStateRules, IClassFixture<SharedRedis>, IAsyncDisposable
{
    private readonly RedisWorld _world;

    public RedisBrokerRules(SharedRedis redis)
        : this(redis, redis.Server.Address)
    {
    }

    private protected RedisBrokerRules(SharedRedis redis, string configuration)
    {
        _ = redis;
        _world = new RedisWorld(configuration);
    }

    protected override async Task<EngineNode> NodeAsync() => await _world.NodeAsync();

    // Redis has a clock of its own.
    protected override Task PassAsync(TimeSpan time) => Task.Delay(time);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _world.DisposeAsync();
    }
}

using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Broker;

/// <summary>The rules, for three nodes on a Redis Cluster.</summary>
public sealed class ClusterBrokerRules(SharedCluster shared) : KeyedStateRules, IClassFixture<SharedCluster>, IAsyncDisposable
{
    private readonly RedisWorld _world = new(shared.Cluster.Address);

    protected override async Task<EngineNode> NodeAsync() => await _world.NodeAsync();

    protected override Task PassAsync(TimeSpan time) => Task.Delay(time);

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}

using Tidings.Redis.Tests.World;
using Tidings.Specification;
using Tidings.Testing;

namespace Tidings.Redis.Tests.Presence;

/// <summary>Who is there, on a Redis Cluster.</summary>
public sealed class ClusterPresenceRules(SharedCluster shared) : PresenceRules, IClassFixture<SharedCluster>, IAsyncDisposable
{
    private readonly RedisWorld _world = new(shared.Cluster.Address);
    private readonly ManualTime _time = new();

    protected override void Pass(TimeSpan time) => _time.Advance(time);

    protected override async Task<(EngineNode One, EngineNode Two)> StartAsync() => (await _world.NodeAsync(graceTime: _time), await _world.NodeAsync(graceTime: _time));

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}

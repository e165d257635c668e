using TestKit;

namespace Tidings.Redis.Tests.World;

/// <summary>One Redis Cluster for all tests that don't harm it.</summary>
public sealed class SharedCluster : IAsyncLifetime
{
    public ClusterOfRedis Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await ClusterOfRedis.StartAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}

using StackExchange.Redis;

namespace Tidings.Redis.Servers;

/// <summary>Where one share of what nodes have in common is: on a server, on the one that sentinels name, or on the one that leads a part of a Cluster.</summary>
/// <param name="find">Finds the server, anew for each connection.</param>
/// <param name="name">What it is called in logs.</param>
/// <param name="keys">What things are called there.</param>
/// <param name="spread">What nodes that share it must have in common.</param>
/// <param name="replicas">How many replicas must have what is acknowledged as durable; 0 for none.</param>
internal sealed class RedisPlace(Func<TimeProvider, CancellationToken, Task<ConfigurationOptions>> find, string name, RedisKeys keys, string spread, int replicas)
{
    public string Name => name;

    public RedisKeys Keys => keys;

    public string Spread => spread;

    public int Replicas => replicas;

    /// <exception cref="Brokers.BrokerUnavailableException">Nobody says where it is.</exception>
    public Task<ConfigurationOptions> FindAsync(TimeProvider time, CancellationToken cancellationToken) => find(time, cancellationToken);

    /// <summary>All places of a configuration, in their order.</summary>
    public static IReadOnlyList<RedisPlace> All(IReadOnlyList<string> servers, string prefix, int replicas)
    {
        if (servers.Count == 1 && RedisServerAddress.IsCluster(servers[0]))
        {
            var cluster = new RedisCluster(RedisServerAddress.Parse(servers[0]));
            return [.. RedisCluster.Tags.Select((tag, part) => new RedisPlace(
                (time, cancellationToken) => cluster.FindAsync(part, time, cancellationToken),
                $"{RedisServerAddress.EndPoint(servers[0])} (part {part + 1} of {RedisCluster.Tags.Count})",
                new RedisKeys($"{prefix}{{{tag}}}"),
                RedisSpread.Describe(part, RedisCluster.Tags.Count, replicas),
                replicas))];
        }

        return [.. servers.Select((server, index) => new RedisPlace(
            (time, cancellationToken) => RedisSentinels.ResolveAsync(RedisServerAddress.Parse(server), time, cancellationToken),
            RedisServerAddress.EndPoint(server),
            new RedisKeys(prefix),
            RedisSpread.Describe(index, servers.Count, replicas),
            replicas))];
    }
}

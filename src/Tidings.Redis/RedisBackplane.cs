using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Presence;

namespace Tidings.Redis;

/// <summary>What nodes share on Redis.</summary>
internal sealed class RedisBackplane : IBackplane
{
    private readonly RedisShard[] _shards;
    private readonly MemoryPresence _presence;

    public RedisBackplane(RedisOptions options, Hub hub, TimeProvider time, IMeterFactory meters, ILogger log)
    {
        var keys = new RedisKeys(options.Prefix);
        Node = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        _shards = [.. options.Servers.Select(server => new RedisShard(server, keys, Node, time, log))];
        var metrics = new RedisMetrics(meters, () => IsAvailable);
        Broker = new RedisBroker(_shards, (shard, reader) => new FeedSet(shard, keys, hub, reader, options.Bridge, time, metrics, log), keys, options, time, metrics);
        _presence = new MemoryPresence(hub, time);
    }

    /// <summary>This node's name among the others: random, for as long as the process lives.</summary>
    public string Node { get; }

    public RedisBroker Broker { get; }

    IBroker IBackplane.Broker => Broker;

    public IPresenceStore Presence => _presence;

    public bool IsAvailable => Array.TrueForAll(_shards, static shard => shard.IsAvailable);

    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(_shards.Select(shard => shard.StartAsync(cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        _presence.Dispose();
        foreach (var shard in _shards)
        {
            await shard.DisposeAsync().ConfigureAwait(false);
        }
    }
}

/// <summary>Makes the backplane from the application's options.</summary>
internal sealed class RedisBackplaneFactory(RedisOptions options, IMeterFactory meters, ILogger<RedisBackplane> log) : IBackplaneFactory
{
    public IBackplane Create(Hub hub, TimeProvider time) => new RedisBackplane(options, hub, time, meters, log);
}

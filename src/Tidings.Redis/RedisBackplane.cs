using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Engine;
using Tidings.Events;
using Tidings.Feeds;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Redis.Cluster;
using Tidings.Redis.Events;
using Tidings.Redis.Logs;
using Tidings.Redis.Presence;
using Tidings.Redis.Servers;
using Tidings.Redis.Streams;
using Tidings.Redis.Tasks;
using Tidings.Security.Identities;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.Redis;

/// <summary>What nodes share on Redis.</summary>
internal sealed class RedisBackplane : IBackplane
{
    private readonly RedisShard[] _shards;
    private readonly NodeBus _bus;
    private readonly RedisClientNames _names;
    private readonly RedisCounts _counts;
    private readonly RevocationLog _revocations;
    private readonly RedisPresence _presence;
    private readonly WatchedPresence _watched;
    private readonly RedisEventStore _events;
    private readonly RedisPeers _peers;
    private readonly RedisLastSeen _seen;
    private readonly NodeLease[] _leases;
    private int _disposed;

    public RedisBackplane(RedisOptions options, string node, Hub hub, TimeProvider time, IMeterFactory meters, ILogger log, TimeProvider? graceTime = null, EventRecorder? events = null, long? streamBytes = null)
    {
        Node = node;
        _shards = [.. options.Places().Select(place => new RedisShard(place, Node, time, log))];
        var metrics = new RedisMetrics(meters, time);
        var seal = new ClusterSeal(options.ClusterKey, options.ClusterKeyRequired);
        _events = new RedisEventStore(_shards[0], Node, metrics);
        Broker = new RedisBroker(_shards, (shard, reader) => new FeedSet(shard, hub, reader, options.Bridge, time, metrics, log), options, time, metrics)
        {
            Told = events is null ? null : new ToldMessages(events, _events, time),
        };
        _revocations = new RevocationLog(_shards, seal, metrics, log);
        var clock = new RedisClock(_shards[0], time);
        Clock = clock;
        _peers = new RedisPeers(Node, clock);
        _seen = new RedisLastSeen(_shards[0], clock, time);
        Tickets = new RedisTickets(_shards, seal, metrics);
        Tasks = new RedisTaskStore(_shards, options, metrics);
        Streams = new RedisStreamStore(_shards, options, metrics, streamBytes ?? new StreamOptions().TotalBytes);
        _bus = new NodeBus(_shards, Node, seal, time, metrics, log, _peers);
        _presence = new RedisPresence(_shards, new PresenceTable(time, metrics), graceTime ?? time);
        _watched = new WatchedPresence(_presence, hub, Broker, time);
        _presence.Watched = _watched;
        _counts = new RedisCounts(_shards, time);
        _names = new RedisClientNames(_shards, Node, seal, time, metrics, log);
        _leases = [.. _shards.Select((shard, i) => new NodeLease(shard, [_presence.On(i), _counts.On(i), _names.On(i), new LeasedWatching(_watched, i, _shards.Length, time), .. i == 0 ? (ILeased[])[_events, _peers, _seen] : []], time, log))];
        _events.Hold(_leases[0]);
        _presence.Hold(_leases);
        _counts.Hold(_leases);
        _names.Hold(_leases);
    }

    /// <summary>This node's name among the others: random, for as long as the process lives.</summary>
    public string Node { get; }

    public string Name => "redis";

    public RedisBroker Broker { get; }

    IBroker IBackplane.Broker => Broker;

    public IEventStore Events => _events;

    public IBrokerClock Clock { get; }

    public ITaskStore Tasks { get; }

    public IStreamStore Streams { get; }

    public IPresenceStore Presence => _presence;

    public INodes Nodes => _bus;

    public ILastSeen LastSeen => _seen;

    public IRevocationLog Revocations => _revocations;

    public ITicketStore Tickets { get; }

    public IConnectionCounts Counts => _counts;

    public IClientNames Names => _names;

    public bool IsAvailable => Array.TrueForAll(_shards, static shard => shard.IsAvailable);

    public string? Refusal => _shards.Select(static shard => shard.Refusal).FirstOrDefault(static refusal => refusal is not null);

    public void Serve(INodeWork work, ConnectionRegistry connections, ClientRegistry clients)
    {
        _bus.Work = work;
        _revocations.Connections = connections;
        _counts.Connections = connections;
        _names.Clients = clients;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(_shards.Select(shard => shard.StartAsync(cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        _presence.Dispose();
        await LeaveAsync().ConfigureAwait(false);
        await Broker.DisposeAsync().ConfigureAwait(false);
        foreach (var shard in _shards)
        {
            await shard.DisposeAsync().ConfigureAwait(false);
        }
    }

    // What the node has ends soon, and not only when its leases do.
    private async Task LeaveAsync()
    {
        try
        {
            if (_shards[0].Link is { } first)
            {
                await _seen.KeepAsync(first, "").ConfigureAwait(false);
                await _peers.LeaveAsync(first).ConfigureAwait(false);
            }

            foreach (var (shard, lease) in _shards.Zip(_leases))
            {
                if (shard.Link is { } link)
                {
                    await lease.ReleaseAsync(link, PresenceTerms.Default.Grace).ConfigureAwait(false);
                }
            }
        }
        catch (BrokerUnavailableException)
        {
            // Then their leases end by themselves.
        }
    }
}

/// <summary>Makes the backplane from the application's options.</summary>
internal sealed class RedisBackplaneFactory(RedisOptions options, IMeterFactory meters, ILogger<RedisBackplane> log) : IBackplaneFactory
{
    public IBackplane Create(BackplaneSite site) => new RedisBackplane(options, site.Node, site.Hub, site.Time, meters, log, events: site.Events, streamBytes: site.StreamBytes);
}

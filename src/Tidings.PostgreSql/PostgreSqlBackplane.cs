using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Engine;
using Tidings.Events;
using Tidings.Feeds;
using Tidings.Nodes;
using Tidings.PostgreSql.Cluster;
using Tidings.PostgreSql.Databases;
using Tidings.PostgreSql.Events;
using Tidings.PostgreSql.Logs;
using Tidings.PostgreSql.Presence;
using Tidings.PostgreSql.Streams;
using Tidings.PostgreSql.Tasks;
using Tidings.Presence;
using Tidings.Security.Identities;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.PostgreSql;

/// <summary>What nodes share on PostgreSQL.</summary>
internal sealed class PostgreSqlBackplane : IBackplane
{
    private readonly PostgreSqlServer _server;
    private readonly PublishQueue _publishing;
    private readonly ReadQueue _reading;
    private readonly StatementQueue _statements;
    private readonly InboxWorker _inbox;
    private readonly NodeBus _bus;
    private readonly PostgreSqlClientNames _names;
    private readonly PostgreSqlCounts _counts;
    private readonly RevocationLog _revocations;
    private readonly PostgreSqlPresence _presence;
    private readonly PostgreSqlEventStore _events;
    private readonly PostgreSqlLastSeen _seen;
    private readonly NodeLease _lease;
    private int _disposed;

    /// <param name="options">Valid ones.</param>
    /// <param name="site">The node.</param>
    /// <param name="meters">Where its instruments belong to.</param>
    /// <param name="log">Where it logs.</param>
    /// <param name="graceTime">The time by which members leave; null for the node's.</param>
    public PostgreSqlBackplane(PostgreSqlOptions options, BackplaneSite site, IMeterFactory meters, ILogger log, TimeProvider? graceTime = null)
    {
        var (node, time) = (site.Node, site.Time);
        var metrics = new PostgreSqlMetrics(meters, time);
        var seal = new ClusterSeal(options.ClusterKey, options.ClusterKeyRequired);
        _server = new PostgreSqlServer(new PostgreSqlDatabase(options.ConnectionString, node), node, time, log);
        _statements = new StatementQueue(_server);
        _reading = new ReadQueue(_server);
        _events = new PostgreSqlEventStore(_server, node, metrics);
        var told = site.Events is { } recorder ? new ToldMessages(recorder, _events, time) : null;
        var toldOf = told is null ? (Func<string, string>)(static _ => "") : told.ToldOf;
        var erased = new ErasedBytes(time);
        var keeper = new LogKeeper(_server, () => _lease!.IsFirst, erased, time);
        var lost = new InboxLosses(metrics, log);
        _publishing = new PublishQueue(_server, site.RetentionOf, toldOf, keeper.Touch, lost);
        _inbox = new InboxWorker(_server, site.RetentionOf, toldOf, keeper.Touch, lost);
        Broker = new PostgreSqlBroker(_server, _publishing, _reading, reader => new FeedSet(_server, site.Hub, reader, time, metrics), erased, options, time, metrics) { Told = told };
        _revocations = new RevocationLog(_server, _publishing.SettleAsync, seal, metrics, log);
        var clock = new PostgreSqlClock(_server, time);
        Clock = clock;
        Tickets = new PostgreSqlTickets(_server, seal, metrics);
        Tasks = new PostgreSqlTaskStore(_server, options, metrics);
        Streams = new PostgreSqlStreamStore(_server, options, metrics, site.StreamBytes);
        _bus = new NodeBus(_server, (name, content) => _publishing.AddAsync(PublishItem.Said(name, content)), node, seal, time, metrics, log);
        _seen = new PostgreSqlLastSeen(_server, clock, time);
        _counts = new PostgreSqlCounts(_server, _statements);
        _names = new PostgreSqlClientNames(_server, _statements, node, seal, metrics, log);
        _presence = new PostgreSqlPresence(_server, new PresenceTable(_statements, metrics), graceTime ?? time);
        _presence.Watched = new WatchedPresence(_presence, site.Hub, Broker, time);
        _lease = new NodeLease(_server, node, [_presence, _counts, _names, new LeasedWatching(_presence.Watched, time), _events, _seen], _names.GiveBackAsync, time, log);
        _presence.Lease = _counts.Lease = _names.Lease = _events.Lease = _lease;
    }

    public string Name => "postgres";

    public PostgreSqlBroker Broker { get; }

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

    public bool IsAvailable => _server.IsAvailable;

    public string? Refusal => _server.Refusal;

    public string? Generation => _server.Link?.Generation;

    public void Serve(INodeWork work, ConnectionRegistry connections, ClientRegistry clients)
    {
        _bus.Work = work;
        _revocations.Connections = connections;
        _counts.Connections = connections;
        _names.Clients = clients;
    }

    public Task StartAsync(CancellationToken cancellationToken) => _server.StartAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        _presence.Dispose();
        await _inbox.DisposeAsync().ConfigureAwait(false);
        await LeaveAsync().ConfigureAwait(false);
        await _publishing.DisposeAsync().ConfigureAwait(false);
        await _statements.DisposeAsync().ConfigureAwait(false);
        await _reading.DisposeAsync().ConfigureAwait(false);
        await _server.DisposeAsync().ConfigureAwait(false);
    }

    // What the node has ends soon, and not only when its lease does.
    private async Task LeaveAsync()
    {
        try
        {
            if (_server.Link is { } link)
            {
                await _seen.WriteAsync(link).ConfigureAwait(false);
                await _lease.ReleaseAsync(link, PresenceTerms.Default.Grace).ConfigureAwait(false);
            }
        }
        catch (BrokerUnavailableException)
        {
            // Then its lease ends by itself.
        }
    }
}

/// <summary>Makes the backplane from the application's options.</summary>
internal sealed class PostgreSqlBackplaneFactory(PostgreSqlOptions options, IMeterFactory meters, ILogger<PostgreSqlBackplane> log) : IBackplaneFactory
{
    public IBackplane Create(BackplaneSite site) => new PostgreSqlBackplane(options, site, meters, log);
}

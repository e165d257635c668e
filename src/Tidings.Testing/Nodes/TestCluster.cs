using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Tidings.Brokers;
using Tidings.Engine;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Protocol;
using Tidings.Quotas;
using Tidings.Security.Identities;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.Testing;

/// <summary>Several nodes in one process that share logs, presence, tasks and tickets, as nodes on Redis do. Safe from any thread.</summary>
/// <remarks>Give it to each <see cref="TestNode"/>, or to an application by <see cref="AddTo"/>. It lives as long as its nodes. What each node counts and keeps for itself: connections
/// of a user, and clients by name.</remarks>
public sealed class TestCluster : IDisposable
{
    private readonly Lock _gate = new();
    private ImmutableArray<ClusterNode> _nodes = [];
    private Shared? _shared;

    /// <summary>Makes an application one of the nodes. Call it after <c>AddTidings</c>, in place of <c>AddRedis</c> and the like.</summary>
    /// <param name="services">The application's services.</param>
    public void AddTo(IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton<IBackplaneFactory>(new Factory(this));
    }

    /// <summary>Forgets all that the nodes shared. For when they have stopped.</summary>
    public void Dispose()
    {
        _shared?.Broker.Dispose();
        _shared?.Presence.Dispose();
    }

    internal IEnumerable<ClusterNode> Others(ClusterNode node) => _nodes.Where(other => other != node);

    internal void Leave(ClusterNode node) => ImmutableInterlocked.Update(ref _nodes, static (nodes, left) => nodes.Remove(left), node);

    private ClusterNode Join(BackplaneSite site)
    {
        lock (_gate)
        {
            _shared ??= new Shared(
                new MemoryBroker(new AllHubs(this), site.Time, site.Histories), new MemoryPresence(new AllHubs(this), site.Time), new MemoryTickets(site.Time), new MemoryLastSeen(site.Time), new MemoryTaskStore(site.Time, long.MaxValue),
                new MemoryStreamStore(new SenderShares(long.MaxValue / 4)) { IsShared = true }, new OwnClock(site.Time));
            var node = new ClusterNode(this, site, _shared);
            _nodes = _nodes.Add(node);
            return node;
        }
    }

    /// <summary>What all nodes have together.</summary>
    internal sealed record Shared(MemoryBroker Broker, MemoryPresence Presence, ITicketStore Tickets, ILastSeen LastSeen, ITaskStore Tasks, IStreamStore Streams, IBrokerClock Clock);

    // To each node in turn, under the log's lock: all see one order. Events for back ends are noted once.
    private sealed class AllHubs(TestCluster cluster) : IMessageSink
    {
        public void Deliver(Message message)
        {
            var nodes = cluster._nodes;
            for (var i = 0; i < nodes.Length; i++)
            {
                (i == 0 ? nodes[i].Site.Messages : nodes[i].Site.Hub).Deliver(message);
            }
        }

        public void Deliver(string channel, Message message)
        {
            foreach (var node in cluster._nodes)
            {
                node.Site.Hub.Deliver(channel, message);
            }
        }

        public void Announce(string channel, StreamPosition top)
        {
            foreach (var node in cluster._nodes)
            {
                node.Site.Hub.Announce(channel, top);
            }
        }

        public bool HasSubscribers(string channel) => cluster._nodes.Any(node => node.Site.Hub.HasSubscribers(channel));
    }

    private sealed class Factory(TestCluster cluster) : IBackplaneFactory
    {
        public IBackplane Create(BackplaneSite site) => cluster.Join(site);
    }
}

using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Events;
using Tidings.Messages;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Reports;
using Tidings.Security.Identities;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.Engine;

/// <summary>All that the nodes of one application share, where one thing has all of it. Any part of it may be replaced (<see cref="EngineParts"/>).</summary>
internal interface IBackplane : IEngine, IAsyncDisposable
{
    IBroker Broker { get; }

    /// <summary>The clock by which the nodes say when something was revoked or issued.</summary>
    IBrokerClock Clock { get; }

    IPresenceStore Presence { get; }

    /// <summary>The other nodes.</summary>
    INodes Nodes { get; }

    /// <summary>Where the nodes keep what was revoked.</summary>
    IRevocationLog Revocations { get; }

    /// <summary>Tickets that any of them takes.</summary>
    ITicketStore Tickets { get; }

    /// <summary>Where tasks are kept, for those who have no store of their own; null for the node's memory.</summary>
    ITaskStore? Tasks => null;

    /// <summary>Where streams are kept; null for the node's memory.</summary>
    IStreamStore? Streams => null;

    /// <summary>Where events for back ends wait; null for the node's memory.</summary>
    IEventStore? Events => null;

    /// <summary>When users were last connected; null for the node's memory.</summary>
    ILastSeen? LastSeen => null;

    /// <summary>Where nodes count users' connections together; null where each counts by itself.</summary>
    IConnectionCounts? Counts => null;

    /// <summary>Where nodes share out clients' names; null where each has names of its own.</summary>
    IClientNames? Names => null;

    /// <summary>What the database in which it keeps its logs knows them by, for transactions of that database that publish there themselves; null where they are in none, or it is away.</summary>
    string? Generation => null;

    /// <summary>What is to be told of the directory that it keeps all in; null where it has none.</summary>
    DirectoryFigures? Directory => null;

    /// <summary>Says who does what the other nodes ask for. Called once, before the start.</summary>
    void Serve(INodeWork work, ConnectionRegistry connections, ClientRegistry clients);
}

/// <summary>Makes the backplane of an application.</summary>
internal interface IBackplaneFactory
{
    IBackplane Create(BackplaneSite site);
}

/// <summary>The node that a backplane is made for.</summary>
/// <param name="Node">The node's name among the others.</param>
/// <param name="Hub">Its channels.</param>
/// <param name="Time">The clock.</param>
/// <param name="Histories">What all logs in its memory may take.</param>
internal sealed record BackplaneSite(string Node, Hub Hub, TimeProvider Time, HistoryBudget Histories)
{
    /// <summary>The most bytes of all streams together.</summary>
    public long StreamBytes { get; init; } = new StreamOptions().TotalBytes;

    /// <summary>Where a log that is this node's alone delivers: the hub, with what it is told noted for back ends.</summary>
    public IMessageSink Messages { get; init; } = Hub;

    /// <summary>How much is kept of a channel in which somebody else publishes than a node.</summary>
    public Func<string, Retention> RetentionOf { get; init; } = static _ => Retention.Default;

    /// <summary>What the node notes for back ends; null where it notes nothing.</summary>
    public EventRecorder? Events { get; init; }
}

/// <inheritdoc cref="MemoryBackplane"/>
internal sealed class MemoryBackplaneFactory : IBackplaneFactory
{
    public IBackplane Create(BackplaneSite site) => new MemoryBackplane(site.Hub, site.Time, site.Histories, site.Messages);
}

/// <summary>A single node, which shares nothing.</summary>
/// <param name="hub">The node's channels.</param>
/// <param name="time">The clock.</param>
/// <param name="budget">What all logs may take; where none is given, it is not limited.</param>
/// <param name="messages">Where messages go; where it is not given, to the channels.</param>
internal sealed class MemoryBackplane(Hub hub, TimeProvider time, HistoryBudget? budget = null, IMessageSink? messages = null) : IBackplane
{
    private readonly MemoryBroker _broker = new(messages ?? hub, time, budget);
    private readonly MemoryPresence _presence = new(hub, time);

    public string Name => "memory";

    public IBroker Broker => _broker;

    public IBrokerClock Clock { get; } = new OwnClock(time);

    public IPresenceStore Presence => _presence;

    public INodes Nodes { get; } = new NoOtherNodes();

    public IRevocationLog Revocations { get; } = new NoSharedRevocations();

    public ITicketStore Tickets { get; } = new MemoryTickets(time);

    public bool IsAvailable => true;

    public void Serve(INodeWork work, ConnectionRegistry connections, ClientRegistry clients)
    {
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _broker.Dispose();
        _presence.Dispose();
        return ValueTask.CompletedTask;
    }
}

using Microsoft.Extensions.DependencyInjection;
using Tidings.Brokers;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Events;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Quotas;
using Tidings.Reports;
using Tidings.Security.Identities;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.Engine;

/// <summary>What a node shares with others, or has alone: each part for itself, so that any of them may be another one's.</summary>
internal sealed record EngineParts
{
    /// <summary>What is started and asked whether it can be reached; the last one has the name.</summary>
    public required IReadOnlyList<IEngine> Engines { get; init; }

    /// <summary>What all parts are of that no application has replaced. It is disposed with the node.</summary>
    public required IBackplane Backplane { get; init; }

    public required IBroker Broker { get; init; }
    public required IBrokerClock Clock { get; init; }
    public required IPresenceStore Presence { get; init; }
    public required INodes Nodes { get; init; }
    public required IRevocationLog Revocations { get; init; }
    public required ITicketStore Tickets { get; init; }
    public required ITaskStore Tasks { get; init; }
    public required IStreamStore Streams { get; init; }
    public required ILastSeen LastSeen { get; init; }

    /// <summary>Where events wait for back ends; null for the node's memory.</summary>
    public IEventStore? Events { get; init; }

    /// <summary>Where users' connections are counted together; null where each node counts by itself.</summary>
    public IConnectionCounts? Counts { get; init; }

    /// <summary>Where clients' names are shared out; null where each node has names of its own.</summary>
    public IClientNames? Names { get; init; }

    public string Name => Engines[^1].Name;

    public bool IsAvailable => Engines.All(static engine => engine.IsAvailable);

    public string? Refusal => Engines.Select(static engine => engine.Refusal).FirstOrDefault(static refusal => refusal is not null);

    public DirectoryFigures? Directory => Backplane.Directory;

    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(Engines.Select(engine => engine.StartAsync(cancellationToken)));

    /// <summary>Each part from where it is registered, or else from the backplane, or else in the node's memory.</summary>
    /// <remarks>No part is registered here: packages do so by <c>TryAdd</c>, and the container disposes what it has made, and nothing of the backplane.</remarks>
    /// <param name="backplane">All parts that are not registered.</param>
    /// <param name="options">The node's.</param>
    /// <param name="time">The clock.</param>
    /// <param name="services">Where parts are registered; null for nowhere.</param>
    public static EngineParts Of(IBackplane backplane, TidingsOptions options, TimeProvider time, IServiceProvider? services = null) => new()
    {
        Backplane = backplane,
        Engines = [backplane, .. services?.GetServices<IEngine>() ?? []],
        Broker = services?.GetService<IBroker>() ?? backplane.Broker,
        Clock = services?.GetService<IBrokerClock>() ?? backplane.Clock,
        Presence = services?.GetService<IPresenceStore>() ?? backplane.Presence,
        Nodes = services?.GetService<INodes>() ?? backplane.Nodes,
        Revocations = services?.GetService<IRevocationLog>() ?? backplane.Revocations,
        Tickets = services?.GetService<ITicketStore>() ?? backplane.Tickets,
        Tasks = services?.GetService<ITaskStore>() ?? backplane.Tasks ?? new MemoryTaskStore(time, options.Tasks.MemoryBytes),
        Streams = services?.GetService<IStreamStore>() ?? backplane.Streams ?? new MemoryStreamStore(new SenderShares(options.Streams.TotalBytes)),
        LastSeen = services?.GetService<ILastSeen>() ?? backplane.LastSeen ?? new MemoryLastSeen(time),
        Events = services?.GetService<IEventStore>() ?? backplane.Events,
        Counts = services?.GetService<IConnectionCounts>() ?? backplane.Counts,
        Names = services?.GetService<IClientNames>() ?? backplane.Names,
    };
}

using Tidings.Brokers;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Engine;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Pressure;
using Tidings.Security.Identities;

namespace Tidings.Channels.Tests.World;

/// <summary>What a node alone has, with what a rig puts around its broker.</summary>
internal sealed class RigBackplane(RigOptions options, Func<IBroker, IBroker>? witness) : IBackplaneFactory, IBackplane, IDisposable
{
    private MemoryBroker? _memory;

    public string Name => "rig";
    public int Logs => _memory!.Logs;
    public IBroker Broker { get; private set; } = null!;
    public MemoryPresence MemoryPresence { get; private set; } = null!;
    public IPresenceStore Presence => MemoryPresence;
    public IBrokerClock Clock { get; private set; } = null!;
    public INodes Nodes { get; } = new NoOtherNodes();
    public IRevocationLog Revocations { get; } = new NoSharedRevocations();
    public ITicketStore Tickets { get; private set; } = null!;
    public bool IsAvailable => true;

    public IBackplane Create(BackplaneSite site)
    {
        _memory = new MemoryBroker(options.Sink(site.Hub), site.Time);
        Broker = options.Broker(_memory);
        Broker = witness?.Invoke(Broker) ?? Broker;
        MemoryPresence = new MemoryPresence(site.Hub, site.Time);
        Clock = new OwnClock(site.Time);
        Tickets = new MemoryTickets(site.Time);
        return this;
    }

    public void Serve(INodeWork work, ConnectionRegistry connections, ClientRegistry clients)
    {
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _memory?.Dispose();

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A machine that has nothing else to do.</summary>
internal sealed class CalmMachine : IPressure
{
    public double Memory => 0;

    public TimeSpan QueueDelay => TimeSpan.Zero;

    public void Relieve()
    {
    }
}

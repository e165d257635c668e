using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Data.Directories;
using Tidings.Data.Logs;
using Tidings.Data.State;
using Tidings.Data.Streams;
using Tidings.Engine;
using Tidings.Events;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Reports;
using Tidings.Security.Identities;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.Data;

/// <summary>A single node that shares nothing, and whose logs, tasks, revocations and tickets survive it.</summary>
internal sealed class DataBackplane : IBackplane
{
    private readonly DataDirectory _directory;
    private readonly JournalMetrics _metrics;
    private readonly Journal _journal;
    private readonly StateDatabase _state;
    private readonly DataStreamStore _streams;
    private readonly DataBroker _broker;
    private readonly DataEventStore _events;
    private readonly MemoryPresence _presence;
    private readonly DataRevocations _revocations;
    private ConnectionRegistry? _connections;
    private int _disposed;

    /// <exception cref="DataDirectoryException">The directory cannot be used.</exception>
    public DataBackplane(DataOptions options, BackplaneSite site, IMeterFactory meters, ILogger log)
    {
        _directory = DataDirectory.Open(options, log);
        StateDatabase? state = null;
        DataStreamStore? streams = null;
        try
        {
            var (catalog, manifest) = (_directory.Catalog, _directory.Manifest);
            state = StateDatabase.Open(_directory.Layout.State);
            streams = DataStreamStore.Open(_directory.Layout.Streams, site.StreamBytes, site.Time);
            var clock = new KeptClock(site.Time, catalog.Newest);
            var absent = new AbsentEpochs(manifest.Names, manifest.Epochs);
            var logs = catalog.Logs(absent, site.Histories, clock.Now).ToList();
            _metrics = new JournalMetrics(meters, site.Time);
            _journal = _metrics.Journal = new Journal(_directory.Layout, _directory.List, [.. catalog.Segments.Select(static segment => segment.Segment)], absent.Save, _metrics, log);
            var durable = new DurableRoom(site.Histories, _directory.Layout.Root);
            foreach (var segment in catalog.Segments)
            {
                foreach (var (sender, bytes) in segment.Durable)
                {
                    durable.Add(segment.Segment, sender, bytes);
                }
            }

            _broker = new DataBroker(logs, _journal, absent, clock, site.Histories, durable, site.Messages, site.Time, log);
            Clock = clock;
            _state = state;
            _streams = streams;
            Tasks = new DataTaskStore(state, clock);
            _events = new DataEventStore(state, site.Node, site.Time);
            Tickets = new DataTickets(state, clock);
            _revocations = new DataRevocations(state);
            _presence = new MemoryPresence(site.Hub, site.Time);
        }
        catch (IOException error)
        {
            state?.Dispose();
            streams?.Dispose();
            _directory.Dispose();
            throw new DataDirectoryException($"The data directory {_directory.Layout.Root} cannot be used: {error.Message}", error);
        }
        catch
        {
            state?.Dispose();
            streams?.Dispose();
            _directory.Dispose();
            throw;
        }
    }

    public string Name => "data";

    public IBroker Broker => _broker;

    public IBrokerClock Clock { get; }

    public IPresenceStore Presence => _presence;

    public INodes Nodes { get; } = new NoOtherNodes();

    public IRevocationLog Revocations => _revocations;

    public ITicketStore Tickets { get; }

    public ITaskStore Tasks { get; }

    public IEventStore Events => _events;

    public IStreamStore Streams => _streams;

    /// <summary>What cannot be written can still be read, and connections are taken.</summary>
    public bool IsAvailable => true;

    public DirectoryFigures? Directory => _metrics.Read();

    internal Journal Journal => _journal;

    public void Serve(INodeWork work, ConnectionRegistry connections, ClientRegistry clients) => _connections = connections;

    /// <summary>Remembers what was revoked, before anybody comes in.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var revocation in await _revocations.ReadAsync().ConfigureAwait(false))
        {
            _connections?.Revocations.Add(revocation);
        }
    }

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _presence.Dispose();
            _broker.Dispose();
            _journal.Dispose();
            _events.Dispose();
            _state.Dispose();
            _streams.Dispose();
            if (_journal.Fault is null)
            {
                _directory.Close(_journal.Segments[^1]);
            }

            foreach (var segment in _journal.Segments)
            {
                segment.Unpin();
            }

            _directory.Dispose();
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Makes the backplane from the application's options.</summary>
internal sealed class DataBackplaneFactory(DataOptions options, IMeterFactory meters, ILogger<DataBackplane> log) : IBackplaneFactory
{
    public IBackplane Create(BackplaneSite site) => new DataBackplane(options, site, meters, log);
}

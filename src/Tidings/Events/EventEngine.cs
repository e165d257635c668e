using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;

namespace Tidings.Events;

/// <summary>All of a node's events together: what it notes, the way into the store, and what is told to each receiver.</summary>
internal sealed partial class EventEngine(string node, TimeProvider time, IMeterFactory meters, ILogger log) : IAsyncDisposable
{
    /// <summary>The most receivers, of configuration and code together.</summary>
    public const int MostReceivers = 32;

    /// <summary>What the names of queues of handlers begin with.</summary>
    public const string HandlerId = "handler-";

    // So that a burst is stored together.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan StoreAwayDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    private readonly List<EventReceiver> _receivers = [];
    private readonly CancellationTokenSource _end = new();
    private IEventStore? _store;

    // Also where this node tells nobody: others may.
    private IEventStore? _shared;
    private List<EventDelivery> _deliveries = [];
    private Task _storing = Task.CompletedTask;
    private Task _delivering = Task.CompletedTask;
    private volatile bool _stopping;

    public EventRecorder Recorder { get; } = new(time);

    /// <summary>The deliveries to all receivers, in their order; empty before the start.</summary>
    public IReadOnlyList<EventDelivery> Deliveries => _deliveries;

    /// <summary>Where events wait; null before the start, and where nobody is told.</summary>
    public IEventStore? Store => _store;

    /// <summary>Called with what was told, while somebody follows. Set before the start.</summary>
    public Action<EventReceiver, DeliveryOutcome, IReadOnlyList<QueuedEvent>>? OnTold { get; set; }

    /// <summary>Adds a receiver, before the start.</summary>
    /// <exception cref="InvalidOperationException">There are too many, or the node has started.</exception>
    public void Add(EventReceiver receiver)
    {
        if (_store is not null || _receivers.Count == MostReceivers)
        {
            throw new InvalidOperationException(_store is null ? $"At most {MostReceivers} receivers of events are told." : "Receivers of events are named before the application starts.");
        }

        _receivers.Add(receiver);
    }

    /// <summary>How many handlers of the application are told.</summary>
    public int Handlers => _receivers.Count(static receiver => receiver.Id.StartsWith(HandlerId, StringComparison.Ordinal));

    /// <summary>Begins, where anybody is to be told. Before anybody connects.</summary>
    /// <param name="store">Where the engine keeps events; null for the node's memory.</param>
    /// <param name="limits">What queues may hold.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task StartAsync(IEventStore? store, EventLimits limits, CancellationToken cancellationToken)
    {
        _shared = store;
        if (_receivers.Count == 0)
        {
            return;
        }

        _shared = _store = store ?? new MemoryEventStore(node, time);
        var metrics = new EventMetrics(meters, () => _deliveries.Sum(static delivery => delivery.Queued));
        _deliveries = [.. _receivers.Select((receiver, index) => new EventDelivery(receiver, index, _store, metrics, time, log) { OnTold = OnTold })];
        _store.OnAdded = () => _deliveries.ForEach(static delivery => delivery.Wake());
        _store.OnForgotten = Recorder.HoldAnew;
        Recorder.Begin(_receivers);
        await _store.StartAsync([.. _receivers.Select(static receiver => receiver.Id)], limits, cancellationToken).ConfigureAwait(false);
        _storing = Task.Run(StoreAsync, CancellationToken.None);
        _delivering = Task.Run(() => Task.WhenAll(_deliveries.Select(delivery => delivery.RunAsync(_end.Token))), CancellationToken.None);
    }

    /// <summary>Has messages that were erased told to nobody any more, and forgets what was said.</summary>
    /// <exception cref="BrokerUnavailableException">What waits cannot be reached.</exception>
    public async ValueTask EraseAsync(ErasedMessages erased, CancellationToken cancellationToken)
    {
        if (_shared is { } store)
        {
            Recorder.Erase(erased);
            await Recorder.StoredAsync(cancellationToken).ConfigureAwait(false);
            await store.EraseAsync(erased, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is { } store && !_stopping)
        {
            if (!store.Survives)
            {
                Recorder.EndGrace();
            }

            _stopping = true;
            Recorder.Wake();
            using var bound = new CancellationTokenSource(LastWords);
            await _storing.WaitAsync(bound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!store.Survives)
            {
                await TellLastAsync(store, bound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await _end.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(_storing, _delivering).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ReleaseAsync(store).ConfigureAwait(false);
        }

        Recorder.Dispose();
        _end.Dispose();
    }

    private async Task StoreAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            if (Recorder.Take() is { } batch)
            {
                await StoreAsync(batch).ConfigureAwait(false);
                if (batch.Changes.Count > 1 && !_stopping)
                {
                    await Recorder.GatherAsync(Gathering, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
            else if (_stopping)
            {
                return;
            }
            else
            {
                await Recorder.WaitAsync(_end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task StoreAsync(EventBatch batch)
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var stored = await _store!.AddAsync(batch, _end.Token).ConfigureAwait(false);
                if (stored < batch.Changes.Count)
                {
                    Recorder.PutBack([.. batch.Changes.Skip(stored)]);
                }

                Recorder.Stored();
                return;
            }
            catch (BrokerUnavailableException)
            {
            }
#pragma warning disable CA1031 // Whatever it was, nothing that happened is left out: it is tried again.
            catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
            {
                LogFailed(error);
            }

            Recorder.Stuck();
            if (_stopping)
            {
                return;
            }

            await Task.Delay(StoreAwayDelay, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // What would end with the process is told while there is time, to those who take it.
    private async Task TellLastAsync(IEventStore store, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _deliveries.Count; i++)
        {
            while (!_deliveries[i].Describe().IsStuck && (await store.CountAsync(i).ConfigureAwait(false)).Events > 0)
            {
                await Task.Delay(Gathering, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task ReleaseAsync(IEventStore store)
    {
        try
        {
            for (var i = 0; i < _deliveries.Count; i++)
            {
                await store.ReleaseAsync(i).ConfigureAwait(false);
            }
        }
        catch (BrokerUnavailableException)
        {
            // Then it ends by itself.
        }
    }

    [LoggerMessage(425, LogLevel.Error, "Storing events failed unexpectedly; it is tried again")]
    private partial void LogFailed(Exception error);
}

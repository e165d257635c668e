using Microsoft.Data.Sqlite;
using Tidings.Brokers;
using Tidings.Events;

namespace Tidings.Data.State;

/// <summary>Events of a single node in the state database: queues, and what the node holds with its wills, so that the next process ends what this one could not. Safe from any thread.</summary>
/// <remarks>What is in a queue is in memory, too. Nothing is told that is not on disk.</remarks>
internal sealed class DataEventStore : IEventStore, IDisposable
{
    /// <summary>How long after a start channels and members of the process before may come back before they count as gone.</summary>
    public static readonly TimeSpan ReturnTime = TimeSpan.FromSeconds(10);

    private readonly StateDatabase _database;
    private readonly string _node;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _adding = new(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, EventEnd> _held = new(StringComparer.Ordinal);
    private readonly HashSet<string> _left = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _receivers = [];
    private EventQueue[] _queues = [];
    private EventAsks[] _asks = [];
    private ITimer? _returning;

    public DataEventStore(StateDatabase database, string node, TimeProvider time) => (_database, _node, _time) = (database, node, time);

    public bool Survives => true;

    public Action OnAdded { get; set; } = static () => { };

    public Action OnForgotten { get; set; } = static () => { };

    public async Task StartAsync(IReadOnlyList<string> receivers, EventLimits limits, CancellationToken cancellationToken)
    {
        _receivers = receivers;
        _queues = [.. receivers.Select(_ => new EventQueue(limits.Events, limits.Bytes / receivers.Count))];
        _asks = [.. receivers.Select(_ => new EventAsks(_time))];
        await _database.RunAsync(connection =>
        {
            EventTables.Create(connection);
            for (var i = 0; i < _queues.Length; i++)
            {
                EventTables.Load(connection, _queues[i], receivers[i]);
            }

            LoadHeld(connection);
            return 0;
        }).ConfigureAwait(false);

        // Who was connected to the process before is so no more; channels and members may come back.
        await EndAsync([.. _held.Keys.Where(static key => key[0] == 'c')]).ConfigureAwait(false);
        _left.UnionWith(_held.Keys);
        _returning = _time.CreateTimer(static store => _ = ((DataEventStore)store!).EndLeftAsync(), this, ReturnTime, Timeout.InfiniteTimeSpan);
    }

    public async Task<int> AddAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        await _adding.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var step = new EventStep(_queues);
            if (batch.HoldsAll)
            {
                var kept = batch.Kept();
                foreach (var (key, will) in _held.Where(held => !_left.Contains(held.Key) && !kept.Contains(held.Key)))
                {
                    step.End(key, will, Now);
                }
            }

            foreach (var change in batch.Changes)
            {
                Apply(step, change);
            }

            await StoreAsync(step, batch.Dropped).ConfigureAwait(false);
            return batch.Changes.Count;
        }
        finally
        {
            _adding.Release();
        }
    }

    public Task<HoldAnswer> TryHoldAsync(int receiver, string state) => Task.FromResult(_asks[receiver].Hold(state));

    public Task AskAsync(int receiver, EventAsk ask)
    {
        _asks[receiver].Ask(ask);
        return Task.CompletedTask;
    }

    public Task ReleaseAsync(int receiver) => Task.CompletedTask;

    public Task<EventPage> ReadAsync(int receiver, EventPlace after, int most)
    {
        lock (_gate)
        {
            return Task.FromResult(EventPage.Of(_queues[receiver], after, most));
        }
    }

    public async Task<int> RemoveAsync(int receiver, IReadOnlyList<QueuedEvent> events, long trimmed)
    {
        await _database.RunAsync(connection =>
        {
            EventTables.Delete(connection, _receivers[receiver], events.Select(static one => one.Place.Major));
            if (trimmed != 0)
            {
                EventTables.Trim(connection, _receivers[receiver], trimmed);
            }

            return 0;
        }).ConfigureAwait(false);
        lock (_gate)
        {
            return _queues[receiver].Remove(events, trimmed);
        }
    }

    public async Task EraseAsync(ErasedMessages erased, CancellationToken cancellationToken)
    {
        await _database.RunAsync(connection =>
        {
            EventTables.Create(connection);
            return EventTables.Erase(connection, erased);
        }).ConfigureAwait(false);
        lock (_gate)
        {
            foreach (var queue in _queues)
            {
                queue.Erase(erased);
            }
        }

        await _database.ForgetAsync().ConfigureAwait(false);
        OnAdded();
    }

    public async Task EndAsync(int receiver)
    {
        lock (_gate)
        {
            _queues[receiver].End();
        }

        await _database.RunAsync(connection => EventTables.Clear(connection, _receivers[receiver])).ConfigureAwait(false);
    }

    public Task<EventQueueFigures> CountAsync(int receiver)
    {
        lock (_gate)
        {
            var queue = _queues[receiver];
            return Task.FromResult(new EventQueueFigures(queue.Count, queue.Bytes, queue.Trimmed, _asks[receiver].State));
        }
    }

    public void Dispose()
    {
        _returning?.Dispose();
        _adding.Dispose();
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    // On what was begun in this step, too: each change sees those before it.
    private void Apply(EventStep step, EventChange change)
    {
        var known = step.Find(change.Key, _held);
        switch (change.Kind)
        {
            case EventChangeKind.Tell:
                step.Tell(change.ToJson(_node), change.Receivers);
                break;
            case EventChangeKind.Hold:
                step.Hold(change.Key, new EventEnd(change.WillReceivers, change.ToWill(_node)));

                // Those who are new since it began are told that now: a receiver that is told of its end was told of its beginning.
                if ((known is null ? change.Receivers : change.Receivers & change.WillReceivers & ~known.Receivers) is not 0 and var told)
                {
                    step.Tell(change.ToJson(_node), told);
                }

                break;
            case EventChangeKind.Release when known is not null:
                step.Release(change.Key);
                step.Tell(change.Receivers == 0 ? [] : change.ToJson(_node), change.Receivers);
                break;
        }
    }

    private async Task EndLeftAsync()
    {
        try
        {
            await _adding.WaitAsync().ConfigureAwait(false);
            try
            {
                await EndAsync([.. _left]).ConfigureAwait(false);
                _left.Clear();
            }
            finally
            {
                _adding.Release();
            }
        }
        catch (Exception error) when (error is BrokerUnavailableException or ObjectDisposedException)
        {
            // The next start ends them.
        }
    }

    private async Task EndAsync(IReadOnlyList<string> keys)
    {
        var step = new EventStep(_queues);
        foreach (var key in keys)
        {
            step.End(key, _held[key], Now);
        }

        await StoreAsync(step, dropped: 0).ConfigureAwait(false);
    }

    // On disk first, and only then to be seen.
    private async Task StoreAsync(EventStep step, long dropped)
    {
        await _database.RunAsync(connection =>
        {
            foreach (var (key, will) in step.Held)
            {
                EventTables.SaveHeld(connection, key, will is null ? null : (IdsOf(will.Receivers), will.Json));
            }

            foreach (var (queue, place, json) in step.Told)
            {
                EventTables.Add(connection, _receivers[queue], place, json);
            }

            for (var i = 0; i < _queues.Length; i++)
            {
                EventTables.SaveState(connection, _receivers[i], step.Next[i], _queues[i].Trimmed + dropped);
            }

            return 0;
        }).ConfigureAwait(false);
        foreach (var (key, will) in step.Held)
        {
            _left.Remove(key);
            if (will is null)
            {
                _held.Remove(key);
            }
            else
            {
                _held[key] = will;
            }
        }

        Show(step, dropped);
        OnAdded();
    }

    private void Show(EventStep step, long dropped)
    {
        List<(int Queue, long Place)> over = [];
        lock (_gate)
        {
            foreach (var (index, _, json) in step.Told)
            {
                List<long> places = [];
                _queues[index].Add(json, places);
                over.AddRange(places.Select(place => (index, place)));
            }

            foreach (var queue in _queues)
            {
                queue.Trimmed += dropped;
            }
        }

        foreach (var queue in over.GroupBy(static one => one.Queue, static one => one.Place))
        {
            _ = _database.RunAsync(connection =>
            {
                EventTables.Delete(connection, _receivers[queue.Key], queue);
                EventTables.SaveState(connection, _receivers[queue.Key], step.Next[queue.Key], _queues[queue.Key].Trimmed);
                return 0;
            });
        }
    }

    private string IdsOf(ulong receivers) => string.Join(',', _receivers.Where((_, index) => (receivers & (1UL << index)) != 0));

    private void LoadHeld(SqliteConnection connection)
    {
        foreach (var (key, ids, json) in EventTables.ReadHeld(connection))
        {
            var receivers = 0UL;
            foreach (var id in ids.Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                for (var i = 0; i < _receivers.Count; i++)
                {
                    receivers |= _receivers[i] == id ? 1UL << i : 0;
                }
            }

            _held[key] = new EventEnd(receivers, json);
        }
    }
}

namespace Tidings.Events;

/// <summary>Events of a single node, which end with the process. What the node holds nobody else can hold.</summary>
internal sealed class MemoryEventStore(string node, TimeProvider time) : IEventStore
{
    private readonly Lock _gate = new();
    private EventQueue[] _queues = [];
    private EventAsks[] _asks = [];
    private long _newest;

    public bool Survives => false;

    public Action OnAdded { get; set; } = static () => { };

    public Action OnForgotten { get; set; } = static () => { };

    public Task StartAsync(IReadOnlyList<string> receivers, EventLimits limits, CancellationToken cancellationToken)
    {
        _queues = [.. receivers.Select(_ => new EventQueue(limits.Events, limits.Bytes / receivers.Count))];
        _asks = [.. receivers.Select(_ => new EventAsks(time))];
        return Task.CompletedTask;
    }

    public Task<int> AddAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (batch.Number > _newest)
            {
                _newest = batch.Number;
                foreach (var change in batch.Changes.Where(static change => change.Receivers != 0))
                {
                    Add_NeedsLock(change);
                }

                foreach (var queue in _queues)
                {
                    queue.Trimmed += batch.Dropped;
                }
            }
        }

        OnAdded();
        return Task.FromResult(batch.Changes.Count);
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

    public Task<int> RemoveAsync(int receiver, IReadOnlyList<QueuedEvent> events, long trimmed)
    {
        lock (_gate)
        {
            return Task.FromResult(_queues[receiver].Remove(events, trimmed));
        }
    }

    public Task EraseAsync(ErasedMessages erased, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            foreach (var queue in _queues)
            {
                queue.Erase(erased);
            }
        }

        OnAdded();
        return Task.CompletedTask;
    }

    public Task EndAsync(int receiver)
    {
        lock (_gate)
        {
            _queues[receiver].End();
        }

        return Task.CompletedTask;
    }

    public Task<EventQueueFigures> CountAsync(int receiver)
    {
        lock (_gate)
        {
            var queue = _queues[receiver];
            return Task.FromResult(new EventQueueFigures(queue.Count, queue.Bytes, queue.Trimmed, _asks[receiver].State));
        }
    }

    private void Add_NeedsLock(EventChange change)
    {
        var json = change.ToJson(node);
        for (var i = 0; i < _queues.Length; i++)
        {
            if ((change.Receivers & (1UL << i)) != 0 && !_queues[i].IsEnded)
            {
                _queues[i].Add(json);
            }
        }
    }
}

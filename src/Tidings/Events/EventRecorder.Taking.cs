using Tidings.Options;

namespace Tidings.Events;

/// <content>What is to be stored.</content>
internal sealed partial class EventRecorder
{
    private const int MostInBatch = 256;

    // Who waits for longer goes on: what they wait for cannot be stored now.
    private static readonly TimeSpan LongestStoring = TimeSpan.FromMilliseconds(250);

    private readonly WakeUp _hurry = new();
    private readonly List<(long Number, TaskCompletionSource Stored)> _waiting = [];
    private bool _isStuck;

    /// <summary>Wakes the task that waits for something to store.</summary>
    public void Wake() => _pendingAny.Set();

    /// <summary>Waits for more that can be stored together, unless somebody waits for what there is.</summary>
    public Task GatherAsync(TimeSpan longest, CancellationToken cancellationToken) => _hurry.WaitAsync(longest, TimeProvider.System, cancellationToken);

    /// <summary>Completes when all that was noted before is stored; at once where nothing can be stored now.</summary>
    public async ValueTask StoredAsync(CancellationToken cancellationToken)
    {
        Task stored;
        lock (_gate)
        {
            if (_isStuck || (_stored >= _noted && !_holdsAll))
            {
                return;
            }

            var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((_noted, waiting));
            stored = waiting.Task;
        }

        _hurry.Set();
        await stored.WaitAsync(LongestStoring, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>What was taken last is stored.</summary>
    public void Stored()
    {
        lock (_gate)
        {
            _isStuck = false;
            _stored = _taken;
            Release_NeedsLock(_stored);
        }
    }

    /// <summary>The rest of what was taken last is not stored, as the store does not know what the node holds: it follows all of that.</summary>
    public void PutBack(IReadOnlyList<EventChange> rest)
    {
        lock (_gate)
        {
            _holdsAll = true;
            if (_dropped > 0)
            {
                // What came after it is gone, and with it perhaps the end of what begins here.
                _dropped += rest.Count;
                return;
            }

            _pending = new Queue<EventChange>(rest.Concat(_pending));
            _taken = rest[0].Number - 1;
        }
    }

    /// <summary>What was taken last cannot be stored now; it is tried again.</summary>
    public void Stuck()
    {
        lock (_gate)
        {
            _isStuck = true;
            Release_NeedsLock(long.MaxValue);
        }
    }

    /// <summary>The store has forgotten what the node holds, or never knew it: the next batch has all of it.</summary>
    public void HoldAnew()
    {
        lock (_gate)
        {
            _holdsAll = true;
            _pendingAny.Set();
        }
    }

    /// <summary>Tells what has ended as ended, without waiting whether it comes back.</summary>
    public void EndGrace()
    {
        lock (_gate)
        {
            foreach (var place in _channels.Values.Where(static held => held.Subscribers == 0).ToList<HeldPlace>().Concat(_members.Values.Where(static held => held.Connections.Count == 0)).ToList())
            {
                Remove_NeedsLock(place);
            }
        }
    }

    /// <summary>What is to be stored next; null where nothing is.</summary>
    public EventBatch? Take()
    {
        lock (_gate)
        {
            if (_holdsAll)
            {
                return TakeAll_NeedsLock();
            }

            if (_pending.Count == 0)
            {
                return null;
            }

            var changes = new List<EventChange>(Math.Min(_pending.Count, MostInBatch));
            while (changes.Count < MostInBatch && _pending.TryDequeue(out var change))
            {
                changes.Add(change);
            }

            if (_pending.Count > 0)
            {
                _pendingAny.Set();
            }

            _taken = changes[^1].Number;
            return new EventBatch(++_batches, changes, HoldsAll: false, Dropped: 0);
        }
    }

    // What the node held before all that waits, which follows in later batches: what began and ended meanwhile is told, too.
    private EventBatch TakeAll_NeedsLock()
    {
        var waiting = _pending.Where(static change => change.Kind != EventChangeKind.Tell).DistinctBy(static change => change.Key).ToDictionary(static change => change.Key, StringComparer.Ordinal);
        EventChange[] changes =
        [
            .. _connections.Values.Select(subject => Hold(KeyOf(subject), subject, EventType.ConnectionOpened, EventType.ConnectionClosed)),
            .. _channels.Values.Select(held => Hold(held.Key, held.Subject, EventType.ChannelOccupied, EventType.ChannelVacated)),
            .. _members.Values.Select(held => Hold(held.Key, held.Subject, EventType.MemberJoined, EventType.MemberLeft)),
        ];
        _holdsAll = false;
        (var dropped, _dropped) = (_dropped, 0);
        _taken = _pending.TryPeek(out var next) ? next.Number - 1 : _noted;
        return new EventBatch(++_batches, [.. changes.Where(change => (change.Receivers | change.WillReceivers) != 0 && !waiting.ContainsKey(change.Key))], HoldsAll: true, dropped)
        {
            Ending = [.. waiting.Values.Where(static change => change.Kind == EventChangeKind.Release).Select(static change => change.Key)],
        };
    }

    private void Release_NeedsLock(long upTo)
    {
        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_waiting[i].Number <= upTo)
            {
                _waiting[i].Stored.TrySetResult();
                _waiting.RemoveAt(i);
            }
        }
    }
}

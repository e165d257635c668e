using Tidings.Options;

namespace Tidings.Events;

/// <content>What is to be stored.</content>
internal sealed partial class EventRecorder
{
    private const int MostInBatch = 256;

    /// <summary>Wakes whoever waits for something to store.</summary>
    public void Wake() => _pendingAny.Set();

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

            return new EventBatch(++_batches, changes, HoldsAll: false, Dropped: 0);
        }
    }

    // Beginnings and ends that were not stored yet are in what is held; what was only told stays.
    private EventBatch TakeAll_NeedsLock()
    {
        var told = _pending.Where(static change => change.Kind == EventChangeKind.Tell).ToList();
        _pending = [];
        _holdsAll = false;
        EventChange[] changes =
        [
            .. _connections.Values.Select(subject => Hold(KeyOf(subject), subject, EventType.ConnectionOpened, EventType.ConnectionClosed)),
            .. _channels.Values.Select(held => Hold(held.Key, held.Subject, EventType.ChannelOccupied, EventType.ChannelVacated)),
            .. _members.Values.Select(held => Hold(held.Key, held.Subject, EventType.MemberJoined, EventType.MemberLeft)),
        ];
        (var dropped, _dropped) = (_dropped, 0);
        return new EventBatch(++_batches, [.. changes.Where(static change => (change.Receivers | change.WillReceivers) != 0), .. told], HoldsAll: true, dropped);
    }
}

using System.Diagnostics;
using Tidings.Lanes;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Channels;

/// <summary>What this node knows of one channel: who on which lane listens.</summary>
/// <remarks>
/// One lock orders joins, leaves and messages of the channel; under it they are only handed to lanes, which keep that order.
/// So a subscriber that joined before a message was published gets it, though neither waits for the other.
/// </remarks>
internal sealed class ChannelState(string name)
{
    private readonly Lock _gate = new();
    private LaneSubscribers[] _subscribers = [];
    private IMessageListener[] _listeners = [];
    private int _members;
    private bool _removed;

    public string Name => name;

    /// <summary>How many subscribers there are on this node.</summary>
    public int Members => Volatile.Read(ref _members);

    /// <returns>False where <paramref name="limit"/> subscribers are there already; null where the channel is no longer in the hub.</returns>
    public bool? TryJoin(Subscription subscription, int limit)
    {
        var lane = subscription.Connection.Lane;
        lock (_gate)
        {
            if (_removed)
            {
                return null;
            }

            if (limit > 0 && _members >= limit)
            {
                return false;
            }

            var subscribers = Find_NeedsLock(lane, subscription.Dialect) ?? AddLane_NeedsLock(lane, subscription.Dialect);
            subscription.Channel = this;
            subscribers.Members++;
            _members++;
            lane.Post(subscribers, subscription);
            return true;
        }
    }

    /// <summary>Ends a subscription, on its lane.</summary>
    /// <returns>Whether nobody is left, and the channel was marked as removed.</returns>
    public bool Leave(Subscription subscription)
    {
        subscription.End();
        var lane = subscription.Connection.Lane;
        lock (_gate)
        {
            var subscribers = Find_NeedsLock(lane, subscription.Dialect)!;
            lane.Post(subscribers, subscription);
            if (--subscribers.Members == 0)
            {
                _subscribers = Array.FindAll(_subscribers, other => other != subscribers);
            }

            _members--;
            return _removed = IsUnused;
        }
    }

    /// <returns>False where the channel is no longer in the hub.</returns>
    public bool TryListen(IMessageListener listener)
    {
        lock (_gate)
        {
            if (!_removed)
            {
                _listeners = [.. _listeners, listener];
            }

            return !_removed;
        }
    }

    /// <returns>Whether nobody is left, and the channel was marked as removed.</returns>
    public bool EndListening(IMessageListener listener)
    {
        lock (_gate)
        {
            _listeners = Array.FindAll(_listeners, other => other != listener);
            return _removed = IsUnused;
        }
    }

    public void Deliver(Message message)
    {
        lock (_gate)
        {
            foreach (var listener in _listeners)
            {
                listener.Offer(message);
            }

            foreach (var subscribers in _subscribers)
            {
                subscribers.Lane.Post(subscribers, message);
            }
        }
    }

    /// <summary>Tells every subscriber that what it has not seen up to a position is gone.</summary>
    public void Announce(StreamPosition top)
    {
        var gap = new Message { Kind = MessageKind.Gap, Channel = name, Position = top, Time = 0, Data = default };
        lock (_gate)
        {
            foreach (var listener in _listeners)
            {
                listener.OfferGap(top);
            }

            foreach (var subscribers in _subscribers)
            {
                subscribers.Lane.Post(subscribers, gap);
            }
        }
    }

    private bool IsUnused => _members == 0 && _listeners.Length == 0;

    private LaneSubscribers? Find_NeedsLock(Lane lane, Dialect dialect)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread);
        foreach (var subscribers in _subscribers)
        {
            if (subscribers.Lane == lane && subscribers.Dialect == dialect)
            {
                return subscribers;
            }
        }

        return null;
    }

    private LaneSubscribers AddLane_NeedsLock(Lane lane, Dialect dialect)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread);
        var subscribers = new LaneSubscribers(lane, dialect, name);
        _subscribers = [.. _subscribers, subscribers];
        return subscribers;
    }
}

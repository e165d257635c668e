using System.Collections.Concurrent;
using Tidings.Events;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Channels;

/// <summary>This node's registry of channels: who listens, and the way of messages from the broker to them. Safe from any thread.</summary>
internal sealed class Hub(TimeProvider time) : IMessageSink
{
    private readonly ConcurrentDictionary<string, ChannelState> _channels = new(StringComparer.Ordinal);
    private long _subscriptions;

    /// <summary>Where it is noted which channels have subscribers, for those who are told; null where nobody notes it.</summary>
    public EventRecorder? Events { get; init; }

    /// <summary>Called when something was erased that subscribers of this node may still have to come.</summary>
    public Action? OnErased { get; set; }

    /// <summary>Channels that have a subscriber on this node.</summary>
    public int Channels => _channels.Count;

    /// <summary>Subscriptions on this node.</summary>
    public long Subscriptions => Volatile.Read(ref _subscriptions);

    /// <summary>Adds a subscriber: what is published from now on reaches its connection, attached or not.</summary>
    /// <returns>False where <paramref name="limit"/> subscribers are there already; 0 is no limit.</returns>
    public bool TryJoin(Subscription subscription, string channel, int limit = 0)
    {
        while (true)
        {
            var state = _channels.GetOrAdd(channel, static name => new ChannelState(name));
            if (state.TryJoin(subscription, limit) is { } joined)
            {
                if (joined)
                {
                    Interlocked.Increment(ref _subscriptions);
                    Events?.Subscribed(channel);
                }

                return joined;
            }
        }
    }

    /// <summary>Ends a subscription: nothing more is sent for it. Called on its connection's lane.</summary>
    public void Leave(Subscription subscription)
    {
        if (subscription.Channel is not { } state)
        {
            return;
        }

        Interlocked.Decrement(ref _subscriptions);
        Events?.Unsubscribed(state.Name);
        if (state.Leave(subscription))
        {
            _channels.TryRemove(new KeyValuePair<string, ChannelState>(state.Name, state));
        }
    }

    /// <summary>Has code of this process hear what is published from now on.</summary>
    public void Listen(IMessageListener listener, string channel)
    {
        while (!_channels.GetOrAdd(channel, static name => new ChannelState(name)).TryListen(listener))
        {
        }
    }

    public void EndListening(IMessageListener listener, string channel)
    {
        if (_channels.TryGetValue(channel, out var state) && state.EndListening(listener))
        {
            _channels.TryRemove(new KeyValuePair<string, ChannelState>(channel, state));
        }
    }

    /// <summary>Channels of this node with their subscribers, in no order; those beside channels, for presence, are left out.</summary>
    public IEnumerable<(string Channel, int Subscribers)> List() =>
        _channels.Where(static entry => entry.Key[0] > ' ').Select(static entry => (entry.Key, entry.Value.Members));

    public int CountMembers(string channel) => _channels.TryGetValue(channel, out var state) ? state.Members : 0;

    /// <inheritdoc/>
    public bool HasSubscribers(string channel) => _channels.ContainsKey(channel);

    /// <inheritdoc/>
    public void Deliver(Message message) => Deliver(message.Channel, message);

    /// <inheritdoc/>
    public void Announce(string channel, StreamPosition top)
    {
        if (_channels.TryGetValue(channel, out var state))
        {
            state.Announce(top);
        }
    }

    /// <inheritdoc/>
    public void Deliver(string channel, Message message)
    {
        if (_channels.TryGetValue(channel, out var state))
        {
            message.AcceptedAt = time.GetTimestamp();
            state.Deliver(message);
        }

        if (message.Kind == MessageKind.Erasure || message.Reason == GapReason.Cleared)
        {
            OnErased?.Invoke();
        }
    }
}

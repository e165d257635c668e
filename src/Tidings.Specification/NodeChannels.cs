using System.Collections.Concurrent;
using System.Collections.Immutable;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Specification;

/// <summary>Channels of a node for tests of an engine that has no node: it delivers here, and listeners are offered what it delivers. Safe from any thread.</summary>
public sealed class NodeChannels : IMessageSink
{
    private readonly ConcurrentDictionary<string, ImmutableArray<IMessageListener>> _listeners = new(StringComparer.Ordinal);

    /// <summary>Has somebody listen.</summary>
    /// <param name="listener">Who listens.</param>
    /// <param name="channel">To what.</param>
    public void Listen(IMessageListener listener, string channel) => _listeners.AddOrUpdate(channel, [listener], (_, others) => others.Add(listener));

    /// <summary>Ends it.</summary>
    /// <param name="listener">Who listened.</param>
    /// <param name="channel">To what.</param>
    public void EndListening(IMessageListener listener, string channel)
    {
        _listeners.AddOrUpdate(channel, [], (_, others) => others.Remove(listener));
        _listeners.TryRemove(new(channel, []));
    }

    /// <inheritdoc/>
    public bool HasSubscribers(string channel) => _listeners.TryGetValue(channel, out var listeners) && listeners.Length > 0;

    /// <inheritdoc/>
    public void Deliver(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Deliver(message.Channel, message);
    }

    /// <inheritdoc/>
    public void Deliver(string channel, Message message)
    {
        foreach (var listener in Of(channel))
        {
            listener.Offer(message);
        }
    }

    /// <inheritdoc/>
    public void Announce(string channel, StreamPosition top)
    {
        foreach (var listener in Of(channel))
        {
            listener.OfferGap(top);
        }
    }

    private ImmutableArray<IMessageListener> Of(string channel) => _listeners.TryGetValue(channel, out var listeners) ? listeners : [];
}

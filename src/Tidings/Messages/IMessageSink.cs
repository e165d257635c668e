using Tidings.Protocol;

namespace Tidings.Messages;

/// <summary>Takes what an engine delivers to one node: messages of channels, and what is told beside them. Safe from any thread.</summary>
/// <remarks>No member waits, throws, or calls back into the engine: each only puts what it is given into queues. They may be called under an engine's lock, and what
/// is delivered for one channel from one lock reaches all subscribers in that order. Nothing is kept of a channel without subscribers.</remarks>
public interface IMessageSink
{
    /// <summary>Delivers a message of a channel. Called once for each message, in the order of offsets.</summary>
    /// <remarks>A hole in the offsets, or another epoch, says that what is missing is gone: subscribers are told of it by a gap.</remarks>
    /// <param name="message">The message, which does not change any more.</param>
    void Deliver(Message message);

    /// <summary>Hands a message to the subscribers of a channel that need not be the message's own, as the one beside it (<see cref="PresenceChannel"/>).</summary>
    /// <param name="channel">Whose subscribers get it.</param>
    /// <param name="message">The message.</param>
    void Deliver(string channel, Message message);

    /// <summary>Tells the subscribers of a channel that what they have not seen up to a position is gone: for what cannot be read any more when nothing newer
    /// has come.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="top">The newest position, from which on messages will be delivered.</param>
    void Announce(string channel, StreamPosition top);

    /// <summary>Whether anyone on this node listens to the channel. The answer may be outdated when it is returned; <see cref="Brokers.IBroker.ListenAsync"/> is called
    /// after somebody has begun to.</summary>
    /// <param name="channel">The channel.</param>
    bool HasSubscribers(string channel);
}

namespace Tidings.Messages;

/// <summary>Takes what a broker delivers, and what is said beside its channels. Safe from any thread.</summary>
internal interface IMessageSink
{
    /// <summary>Called once for each message of a channel, in the order of offsets. Only enqueues: it never waits and never calls back.</summary>
    /// <remarks>A hole in the offsets, or a new epoch, says that what is missing is gone: subscribers are told by a gap.</remarks>
    void Deliver(Message message);

    /// <summary>Hands a message to the subscribers of a channel that need not be the message's own. Only enqueues.</summary>
    void Deliver(string channel, Message message);

    /// <summary>Whether anyone on this node listens to the channel.</summary>
    bool HasSubscribers(string channel);
}

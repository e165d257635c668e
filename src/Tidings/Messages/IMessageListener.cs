using Tidings.Protocol;

namespace Tidings.Messages;

/// <summary>Code of this process that listens to a channel.</summary>
public interface IMessageListener
{
    /// <summary>Takes a message, in order. Called under the channel's lock: it only enqueues.</summary>
    /// <param name="message">The message.</param>
    void Offer(Message message);

    /// <summary>What was said up to a position, and was not offered, is gone. Called as <see cref="Offer"/> is.</summary>
    /// <param name="top">The position.</param>
    void OfferGap(StreamPosition top)
    {
    }
}

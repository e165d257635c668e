using Tidings.Protocol;

namespace Tidings.Messages;

/// <summary>Code of this process that listens to a channel.</summary>
internal interface IMessageListener
{
    /// <summary>Takes a message, in order. Called under the channel's lock: it only enqueues.</summary>
    void Offer(Message message);

    /// <summary>What was said up to a position, and was not offered, is gone. Called as <see cref="Offer"/> is.</summary>
    void OfferGap(StreamPosition top)
    {
    }
}

namespace Tidings.Client.Connecting;

/// <summary>Has tokens of single channels.</summary>
internal interface IChannelTokens
{
    /// <summary>Gets one, and subscribes the channel with it.</summary>
    void Obtain(SharedChannel channel);

    /// <summary>The present one is of no use any more.</summary>
    void Ended(SharedChannel channel);

    /// <summary>It ends in so many seconds, as the server says; null where it does not.</summary>
    void Expires(SharedChannel channel, long? seconds);
}

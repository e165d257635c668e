namespace Tidings.Client.Connecting;

/// <summary>Has tokens of single channels.</summary>
internal interface IChannelTokens
{
    /// <summary>Gets one, and subscribes the channel with it.</summary>
    void Obtain(SharedChannel channel);

    /// <summary>The present one is of no use any more.</summary>
    void Ended(SharedChannel channel);

    /// <summary>Nobody can judge it now: another is asked for in a while.</summary>
    void Later(SharedChannel channel);

    /// <summary>It ends in so many seconds, as the server says; null where it does not.</summary>
    void Expires(SharedChannel channel, long? seconds);
}

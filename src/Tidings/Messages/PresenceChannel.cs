namespace Tidings.Messages;

/// <summary>The channel beside a channel in which joins, leaves and updates are told to those who asked for them.</summary>
public static class PresenceChannel
{
    // No name of a channel has this character.
    private const char Mark = '\u0001';

    /// <summary>The channel beside a channel.</summary>
    /// <param name="channel">The channel.</param>
    public static string Of(string channel) => Mark + channel;

    /// <summary>The channel that <paramref name="beside"/> is beside.</summary>
    /// <param name="beside">The channel beside it, or the channel itself.</param>
    public static string ChannelOf(string beside) => beside.StartsWith(Mark) ? beside[1..] : beside;
}

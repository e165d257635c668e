namespace Tidings.Messages;

/// <summary>The channel beside a channel in which joins, leaves and updates are told to those who asked for them.</summary>
internal static class PresenceChannel
{
    // No name of a channel has this character.
    private const char Mark = '\u0001';

    public static string Of(string channel) => Mark + channel;

    /// <summary>The channel that <paramref name="beside"/> is beside.</summary>
    public static string ChannelOf(string beside) => beside.StartsWith(Mark) ? beside[1..] : beside;
}

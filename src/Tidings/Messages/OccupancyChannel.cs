namespace Tidings.Messages;

/// <summary>The channel beside a channel in which those who asked for it are told how many subscribe.</summary>
internal static class OccupancyChannel
{
    // No name of a channel has this character.
    private const char Mark = '\u0003';

    public static string Of(string channel) => Mark + channel;
}

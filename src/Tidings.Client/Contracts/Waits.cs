namespace Tidings.Client.Contracts;

/// <summary>The largest value of every wait that somebody else names: timers have limits, and so has patience.</summary>
internal static class Waits
{
    /// <summary>However long a server asks a client to stay away: as long as its own slowest back-off waits.</summary>
    public static readonly TimeSpan LongestAway = TimeSpan.FromMinutes(5);

    /// <summary>However long the application lets a command go unanswered.</summary>
    public static readonly TimeSpan LongestAnswer = TimeSpan.FromDays(1);

    // The bounds of the server's own option.
    private const long ShortestHeartbeat = 100;
    private const long LongestHeartbeat = 3_600_000;

    private static readonly TimeSpan OwnHeartbeat = TimeSpan.FromSeconds(30);

    /// <summary>What the server asks for, at most <see cref="LongestAway"/>; null where it asks for nothing.</summary>
    /// <param name="milliseconds">As it says.</param>
    public static TimeSpan? AskedFor(long? milliseconds) =>
        milliseconds is { } wait ? TimeSpan.FromMilliseconds(Math.Min(wait, (long)LongestAway.TotalMilliseconds)) : null;

    /// <summary>The interval after which silence is looked into.</summary>
    /// <param name="pingInterval">The server's, in milliseconds; null or 0 where it has none.</param>
    public static TimeSpan Heartbeat(long? pingInterval) =>
        pingInterval is { } interval and > 0 ? TimeSpan.FromMilliseconds(Math.Clamp(interval, ShortestHeartbeat, LongestHeartbeat)) : OwnHeartbeat;
}

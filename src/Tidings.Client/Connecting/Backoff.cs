namespace Tidings.Client.Connecting;

/// <summary>How long a client waits before its next attempt: full jitter, so that those who left together don't come back together.</summary>
internal static class Backoff
{
    /// <summary>How long a connection must have been open for the attempts to count from 0 again.</summary>
    public static readonly TimeSpan HeldAfter = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Where attempts begin when the server itself is gone: all its clients look for it, and a window of 30 s keeps a tenth of them from
    /// coming within one second. (16 s let through up to 106 of 1,000 in 20 seeded runs of a restart of 2 to 4 s.)
    /// </summary>
    public const int ServerGone = 5;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstSlow = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestSlow = TimeSpan.FromSeconds(300);

    /// <summary>From 0 up to 1 s · 2ⁿ, at most 30 s.</summary>
    /// <param name="attempt">n, from 0.</param>
    /// <param name="random">From 0 up to but not including 1.</param>
    public static TimeSpan Ordinary(int attempt, double random) => random * Window(First, Longest, attempt);

    /// <summary>30 s, and from 0 up to 30 s · 2ⁿ, at most 5 min, more.</summary>
    /// <param name="attempt">n, from 0.</param>
    /// <param name="random">From 0 up to but not including 1.</param>
    public static TimeSpan Slow(int attempt, double random) => FirstSlow + (random * Window(FirstSlow, LongestSlow, attempt));

    private static TimeSpan Window(TimeSpan first, TimeSpan longest, int attempt)
    {
        // 2⁶⁰ overflows nothing in a double, and is far above every longest.
        var window = first.TotalSeconds * Math.Pow(2, Math.Min(attempt, 60));
        return TimeSpan.FromSeconds(Math.Min(window, longest.TotalSeconds));
    }
}

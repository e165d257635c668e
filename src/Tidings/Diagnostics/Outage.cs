namespace Tidings.Diagnostics;

/// <summary>Something that fails again and again: tells when to log its beginning and its end, so that nothing is logged in between. Safe from any thread.</summary>
/// <param name="time">Time.</param>
/// <param name="calm">How long nothing may have failed before it counts as over. Zero: the first success ends it.</param>
internal sealed class Outage(TimeProvider time, TimeSpan calm = default)
{
    // Faults that take turns are each told once; should there be more, the rest is not told.
    private const int MostTold = 8;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private volatile bool _lasts;
    private long _failures;
    private long _began;
    private long _failed;

    /// <summary>It has failed.</summary>
    /// <returns>Whether to log it: it has just begun, or fails for another reason than before.</returns>
    public bool Begins(string why)
    {
        lock (_gate)
        {
            _failed = time.GetTimestamp();
            if (!_lasts)
            {
                (_lasts, _began, _failures) = (true, _failed, 0);
            }

            _failures++;
            return _told.Count < MostTold && _told.Add(why);
        }
    }

    /// <summary>It has succeeded.</summary>
    /// <returns>What to log: it is over. Null where it did not fail before, or only just now.</returns>
    public OutageEnd? Ends()
    {
        if (!_lasts)
        {
            return null;
        }

        lock (_gate)
        {
            if (!_lasts || time.GetElapsedTime(_failed) < calm)
            {
                return null;
            }

            _lasts = false;
            _told.Clear();
            return new OutageEnd(_failures, time.GetElapsedTime(_began, _failed));
        }
    }
}

/// <summary>An outage that is over.</summary>
/// <param name="Failures">How often it failed.</param>
/// <param name="Lasted">The time from the first failure to the last.</param>
internal readonly record struct OutageEnd(long Failures, TimeSpan Lasted);

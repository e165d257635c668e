namespace Tidings.Connections;

/// <summary>How often something may happen: so many a second in the long run, so many at once.</summary>
/// <param name="PerSecond">Tokens that come back each second; 0 means no limit.</param>
/// <param name="Burst">The most tokens there are at once; at least 1 where there is a limit.</param>
internal readonly record struct RateLimit(int PerSecond, int Burst)
{
    public static readonly RateLimit None;
}

/// <summary>A token bucket of 16 bytes. Not thread-safe: it belongs to its connection's lane.</summary>
internal struct TokenBucket
{
    // Thousandths of a token that are spent; a new bucket is full.
    private long _spent;
    private long _at;

    /// <summary>Takes a token if there is one. <paramref name="now"/> is in milliseconds and never goes back.</summary>
    public bool TryTake(RateLimit limit, long now)
    {
        if (limit.PerSecond == 0)
        {
            return true;
        }

        _spent = Math.Max(0, _spent - ((now - _at) * limit.PerSecond));
        _at = now;
        if (_spent + 1000 > limit.Burst * 1000L)
        {
            return false;
        }

        _spent += 1000;
        return true;
    }
}

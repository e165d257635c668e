namespace Tidings.Connections;

/// <summary>How often something may happen: so many a second in the long run, so many at once.</summary>
/// <param name="PerSecond">Tokens that come back each second; 0 means no limit.</param>
/// <param name="Burst">The most tokens there are at once; at least 1 where there is a limit.</param>
internal readonly record struct RateLimit(int PerSecond, int Burst)
{
    public static readonly RateLimit None;

    /// <summary>As many at once as in a second; 0 means no limit.</summary>
    public static RateLimit Of(int perSecond) => new(perSecond, perSecond);
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

        Refill(limit, now);
        if (_spent + 1000 > limit.Burst * 1000L)
        {
            return false;
        }

        _spent += 1000;
        return true;
    }

    /// <summary>Takes <paramref name="amount"/> tokens if there is one, and is then overdrawn by the others: what is larger than the
    /// bucket passes too, and what follows waits.</summary>
    public bool TryOverdraw(RateLimit limit, int amount, long now)
    {
        if (!TryTake(limit, now))
        {
            return false;
        }

        _spent += limit.PerSecond == 0 ? 0 : (amount - 1) * 1000L;
        return true;
    }

    /// <summary>The milliseconds after which there is a token, at least 1. Only after one was refused.</summary>
    public readonly int Wait(RateLimit limit)
    {
        var missing = _spent + 1000 - (limit.Burst * 1000L);
        return (int)Math.Clamp((missing + limit.PerSecond - 1) / limit.PerSecond, 1, int.MaxValue);
    }

    private void Refill(RateLimit limit, long now)
    {
        // Compared before it is multiplied: bytes a second times a long silence would overflow.
        var elapsed = now - _at;
        _spent = elapsed > _spent / limit.PerSecond ? 0 : _spent - (elapsed * limit.PerSecond);
        _at = now;
    }
}

using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Security.Tokens;

namespace Tidings.Security.Identities;

/// <summary>What was revoked, so that it cannot come in again: tokens by their id, users with all that was issued to them until then.
/// Safe from any thread.</summary>
internal sealed class Revocations(TimeProvider time)
{
    /// <summary>The most users, and the most tokens, that are remembered: about 20 MB where all of them are used. The oldest go first: most tokens
    /// have ended by themselves long before.</summary>
    public const int Most = 100_000;

    private const long Day = 24 * 60 * 60 * 1000;

    // Less is what clocks that are well differ by.
    private const long LeastStep = 2000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Known> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Known> _tokens = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Known> _undated = new(StringComparer.Ordinal);

    /// <summary>The clock that says when something was revoked. Set before anything is.</summary>
    public IBrokerClock Clock { get; set; } = new OwnClock(time);

    /// <summary>How far the clock of a token's issuer may be ahead.</summary>
    public TimeSpan ClockSkew { get; set; } = TokenLimits.DefaultClockSkew;

    /// <summary>The longest that a token is let hold; null where it is not limited.</summary>
    public TimeSpan? MaxLifetime { get; set; }

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _users.Count + _tokens.Count == 0;
            }
        }
    }

    /// <summary>All of them, in no order.</summary>
    public IReadOnlyList<Revocation> All
    {
        get
        {
            lock (_gate)
            {
                return [.. AllOf(RevocationKind.User, _users), .. AllOf(RevocationKind.Token, _tokens), .. AllOf(RevocationKind.Undated, _undated)];
            }
        }
    }

    /// <summary>Revokes everything that was issued to the user until now.</summary>
    public Revocation RevokeUser(string user) => Revoke(RevocationKind.User, user);

    /// <summary>Revokes one token, for ever.</summary>
    public Revocation RevokeToken(string tokenId) => Revoke(RevocationKind.Token, tokenId);

    /// <summary>Takes over what was revoked elsewhere.</summary>
    /// <returns>Whether it reaches further than what was known.</returns>
    public bool Add(Revocation revocation)
    {
        var list = revocation.Kind switch { RevocationKind.User => _users, RevocationKind.Token => _tokens, _ => _undated };
        lock (_gate)
        {
            if (list.TryGetValue(revocation.Name, out var known) && known.At >= revocation.At)
            {
                return false;
            }

            list[revocation.Name] = new Known(revocation.At, Elapsed - Math.Max(0, Clock.Now - revocation.At));
            if (list.Count > Most)
            {
                DropOldest_NeedsLock(list);
            }

            return true;
        }
    }

    /// <summary>Whether the identity may still come in.</summary>
    public RevocationVerdict Judge(Identity identity)
    {
        lock (_gate)
        {
            if (identity.TokenId is { } token && _tokens.ContainsKey(token))
            {
                return RevocationVerdict.Revoked;
            }

            if (!_users.TryGetValue(identity.User, out var revoked))
            {
                return RevocationVerdict.None;
            }

            if (identity.IssuedAt == 0)
            {
                return IsUndatedRevoked_NeedsLock(identity, revoked) ? RevocationVerdict.Revoked : RevocationVerdict.None;
            }

            // Where the clock was set since, both of its readings count: what lies between them may be older or newer than the revocation.
            var reread = Clock.Now - (Elapsed - revoked.Since);
            var step = Math.Abs(reread - revoked.At) < LeastStep ? 0 : reread - revoked.At;
            var ahead = identity.IssuedHere ? 0 : (long)ClockSkew.TotalMilliseconds;
            return identity.IssuedAt <= revoked.At + Math.Min(0, step) ? RevocationVerdict.Revoked
                : identity.IssuedAt <= revoked.At + Math.Max(0, step) + ahead ? RevocationVerdict.Unclear
                : RevocationVerdict.None;
        }
    }

    /// <summary>Whether the token, or session, of this id was revoked.</summary>
    public bool CoverToken(string tokenId)
    {
        lock (_gate)
        {
            return _tokens.ContainsKey(tokenId);
        }
    }

    /// <summary>Until when undated tokens of the user are taken for revoked; null where no connection has borne one.</summary>
    public Revocation? UndatedOf(string user)
    {
        lock (_gate)
        {
            return _undated.TryGetValue(user, out var last) ? new Revocation(RevocationKind.Undated, user, last.At) : null;
        }
    }

    /// <summary>What ends a connection of the identity; null where it may stay.</summary>
    public DisconnectCode? EndOf(Identity identity) => Judge(identity) switch
    {
        RevocationVerdict.Revoked => DisconnectCode.DisconnectedByServer,
        RevocationVerdict.Unclear => DisconnectCode.Unavailable,
        _ => null,
    };

    private long Elapsed => (long)time.GetElapsedTime(0).TotalMilliseconds;

    // A token that does not say when it was made: one that was shown before the revocation is old. Of the others those are taken for old that end no later than an old one can;
    // where lifetimes are not limited, no later than the last of the old ones that connections bore, and where there was none, within a day.
    private bool IsUndatedRevoked_NeedsLock(Identity identity, Known revoked)
    {
        var reach = MaxLifetime is { } longest ? revoked.At + (long)longest.TotalMilliseconds
            : _undated.TryGetValue(identity.User, out var last) && last.At > revoked.At ? last.At
            : revoked.At + Day;
        return identity.SeenAt <= revoked.At || Math.Min(identity.ExpiresAt, StreamPosition.LargestOffset) <= reach;
    }

    private Revocation Revoke(RevocationKind kind, string name)
    {
        var revocation = new Revocation(kind, name, Clock.Now);
        Add(revocation);
        return revocation;
    }

    private static IEnumerable<Revocation> AllOf(RevocationKind kind, Dictionary<string, Known> list) =>
        list.Select(entry => new Revocation(kind, entry.Key, entry.Value.At));

    // A tenth at once, so that it is paid for rarely.
    private static void DropOldest_NeedsLock(Dictionary<string, Known> list)
    {
        var times = list.Values.Select(static known => known.At).ToArray();
        Array.Sort(times);
        var last = times[Most / 10];
        foreach (var name in list.Where(entry => entry.Value.At <= last).Select(static entry => entry.Key).ToList())
        {
            list.Remove(name);
        }
    }

    /// <param name="At">By the broker's clock, as it was read then.</param>
    /// <param name="Since">The same by a clock that nobody sets.</param>
    private readonly record struct Known(long At, long Since);
}

/// <summary>Whether a revocation reaches somebody.</summary>
internal enum RevocationVerdict : byte
{
    /// <summary>Nothing was revoked.</summary>
    None,

    /// <summary>It was revoked, and stays so.</summary>
    Revoked,

    /// <summary>It was made so close to the revocation that it cannot be told whether before or after it. Nobody gets in with it, and may come back with a newer one.</summary>
    Unclear,
}

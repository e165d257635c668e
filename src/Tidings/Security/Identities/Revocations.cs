namespace Tidings.Security.Identities;

/// <summary>What was revoked, so that it cannot come in again: tokens by their id, users with all that was issued to them until then.
/// Safe from any thread.</summary>
internal sealed class Revocations(TimeProvider time)
{
    /// <summary>The most users, and the most tokens, that are remembered: about 20 MB where all of them are used. The oldest go first: most tokens
    /// have ended by themselves long before.</summary>
    public const int Most = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _tokens = new(StringComparer.Ordinal);

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
                return
                [
                    .. _users.Select(static entry => new Revocation(RevocationKind.User, entry.Key, entry.Value)),
                    .. _tokens.Select(static entry => new Revocation(RevocationKind.Token, entry.Key, entry.Value)),
                ];
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
        var list = revocation.Kind == RevocationKind.User ? _users : _tokens;
        lock (_gate)
        {
            if (list.TryGetValue(revocation.Name, out var known) && known >= revocation.At)
            {
                return false;
            }

            list[revocation.Name] = revocation.At;
            if (list.Count > Most)
            {
                DropOldest_NeedsLock(list);
            }

            return true;
        }
    }

    /// <summary>Whether the identity must not be let in any more.</summary>
    public bool Cover(Identity identity)
    {
        lock (_gate)
        {
            return (identity.TokenId is { } token && _tokens.ContainsKey(token))
                || (_users.TryGetValue(identity.User, out var revoked) && identity.IssuedAt <= revoked);
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

    private Revocation Revoke(RevocationKind kind, string name)
    {
        var revocation = new Revocation(kind, name, time.GetUtcNow().ToUnixTimeMilliseconds());
        Add(revocation);
        return revocation;
    }

    // A tenth at once, so that it is paid for rarely.
    private static void DropOldest_NeedsLock(Dictionary<string, long> list)
    {
        var times = list.Values.ToArray();
        Array.Sort(times);
        var last = times[Most / 10];
        foreach (var name in list.Where(entry => entry.Value <= last).Select(static entry => entry.Key).ToList())
        {
            list.Remove(name);
        }
    }
}

/// <summary>What a revocation is of.</summary>
internal enum RevocationKind : byte
{
    User,
    Token,
}

/// <summary>Something that must not come in any more.</summary>
/// <param name="Kind">What it is of.</param>
/// <param name="Name">The user, or the token's id.</param>
/// <param name="At">Since when, in Unix milliseconds: of users, what was issued until then.</param>
internal readonly record struct Revocation(RevocationKind Kind, string Name, long At);

/// <summary>Where nodes keep what was revoked. Safe from any thread.</summary>
internal interface IRevocationLog
{
    /// <summary>Has all nodes know of it. What was revoked here stays so whatever becomes of the call, and is told again when the others can be reached.</summary>
    /// <exception cref="Brokers.BrokerUnavailableException">Nobody else knows of it yet.</exception>
    Task ShareAsync(Revocation revocation);
}

/// <summary>What is revoked on a single node is revoked everywhere.</summary>
internal sealed class NoSharedRevocations : IRevocationLog
{
    public Task ShareAsync(Revocation revocation) => Task.CompletedTask;
}

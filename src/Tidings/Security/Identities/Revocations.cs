namespace Tidings.Security.Identities;

/// <summary>What was revoked, so that it cannot come in again: tokens by their id, users with all that was issued to them until then.
/// Safe from any thread.</summary>
internal sealed class Revocations(TimeProvider time)
{
    // About 20 MB where all of them are used. The oldest go first: most tokens have ended by themselves long before.
    private const int Most = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _tokens = new(StringComparer.Ordinal);

    /// <summary>Revokes everything that was issued to the user until now.</summary>
    public void RevokeUser(string user) => Revoke(_users, user);

    /// <summary>Revokes one token, for ever.</summary>
    public void RevokeToken(string tokenId) => Revoke(_tokens, tokenId);

    /// <summary>Whether the identity must not be let in any more.</summary>
    public bool Cover(Identity identity)
    {
        lock (_gate)
        {
            return (identity.TokenId is { } token && _tokens.ContainsKey(token))
                || (_users.TryGetValue(identity.User, out var revoked) && identity.IssuedAt <= revoked);
        }
    }

    private void Revoke(Dictionary<string, long> list, string name)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        lock (_gate)
        {
            list[name] = now;
            if (list.Count > Most)
            {
                DropOldest_NeedsLock(list);
            }
        }
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

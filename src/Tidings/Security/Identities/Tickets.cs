namespace Tidings.Security.Identities;

/// <summary>One-time tickets: what stands in a URL in place of a token, good for one use within half a minute. Safe from any thread.</summary>
internal sealed class Tickets(TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private const int Most = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (Identity Identity, long Until)> _tickets = new(StringComparer.Ordinal);
    private readonly Queue<(string Hash, long Until)> _ages = new();

    /// <returns>A ticket of 43 URL-safe characters; null where more than 100,000 wait to be used.</returns>
    public string? Issue(Identity identity)
    {
        var ticket = BearerSecret.New();
        var hash = Hash(ticket);
        var now = Now;
        lock (_gate)
        {
            while (_ages.TryPeek(out var oldest) && oldest.Until <= now)
            {
                _tickets.Remove(_ages.Dequeue().Hash);
            }

            if (_ages.Count >= Most)
            {
                return null;
            }

            var until = now + (long)Lifetime.TotalMilliseconds;
            _tickets.Add(hash, (identity, until));
            _ages.Enqueue((hash, until));
            return ticket;
        }
    }

    /// <summary>Uses a ticket up.</summary>
    /// <returns>Whose it was; null where there is no such ticket, or no longer.</returns>
    public Identity? Redeem(string ticket)
    {
        lock (_gate)
        {
            return _tickets.Remove(Hash(ticket), out var entry) && entry.Until > Now ? entry.Identity : null;
        }
    }

    private long Now => (long)time.GetElapsedTime(0).TotalMilliseconds;

    private static string Hash(string ticket) => Convert.ToHexString(BearerSecret.Hash(ticket));
}

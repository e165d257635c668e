using Tidings.Quotas;

namespace Tidings.Security.Identities;

/// <summary>One-time tickets: what stands in a URL in place of a token, good for one use within half a minute. Safe from any thread.</summary>
internal sealed class Tickets(TimeProvider time)
{
    public static readonly TimeSpan Lifetime = ITicketStore.TicketLifetime;

    /// <summary>How many of one user may wait to be used: with one more its oldest goes.</summary>
    public const int Share = ITicketStore.Share;

    private const int Most = 100_000;

    private readonly Lock _gate = new();
    private readonly HeldSecrets<Identity> _tickets = new(Lifetime, Share, Most, time);

    /// <returns>A ticket of 43 URL-safe characters.</returns>
    public string Issue(Identity identity)
    {
        var ticket = BearerSecret.New();
        lock (_gate)
        {
            _tickets.TryAdd(Hash(ticket), Sender.Of(identity.User, default), identity);
        }

        return ticket;
    }

    /// <summary>Uses a ticket up.</summary>
    /// <returns>Whose it was; null where there is no such ticket, or no longer.</returns>
    public Identity? Redeem(string ticket)
    {
        lock (_gate)
        {
            return _tickets.TryTake(Hash(ticket), out var identity) ? identity : null;
        }
    }

    private static string Hash(string ticket) => Convert.ToHexString(BearerSecret.Hash(ticket));
}

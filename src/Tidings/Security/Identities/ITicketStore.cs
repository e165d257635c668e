namespace Tidings.Security.Identities;

/// <summary>What stands in a URL in place of a token: tickets for one use, and passes to come back to a stream that one has opened. Safe from any thread.</summary>
/// <remarks>Tickets and secrets are secret and cannot be guessed: 32 random bytes, of which a store needs to keep a hash alone. Whatever is not certain is no ticket: nothing fails open.</remarks>
public interface ITicketStore
{
    /// <summary>How long a ticket is good.</summary>
    public static readonly TimeSpan TicketLifetime = TimeSpan.FromSeconds(30);

    /// <summary>How long after it was last shown a pass is good.</summary>
    public static readonly TimeSpan PassLifetime = TimeSpan.FromHours(1);

    /// <summary>How many tickets, and how many passes, of one user are kept. With one more the oldest ticket goes, or the pass that was not shown for longest.</summary>
    public const int Share = 1_000;

    /// <summary>Makes a ticket, which any node takes.</summary>
    /// <param name="identity">Whose it is.</param>
    /// <returns>A ticket of 43 URL-safe characters, good for <see cref="TicketLifetime"/>.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">What the nodes share cannot be reached.</exception>
    ValueTask<string> IssueAsync(Identity identity);

    /// <summary>Uses a ticket up, whichever node has issued it. Of several who try at once, one gets it.</summary>
    /// <param name="ticket">Anything that somebody has sent.</param>
    /// <returns>Whose it was; null where there is no such ticket, or no longer.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">What the nodes share cannot be reached.</exception>
    ValueTask<Identity?> RedeemAsync(string ticket);

    /// <summary>Makes the pass of the stream that a ticket has opened: browsers come back with the same URL, whose ticket is used up.</summary>
    /// <param name="ticket">The ticket.</param>
    /// <param name="identity">Whose it was.</param>
    /// <returns>What the cookie of a ticket's stream is to hold; null where the ticket has opened one already.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">What the nodes share cannot be reached.</exception>
    ValueTask<string?> IssuePassAsync(string ticket, Identity identity);

    /// <summary>Looks at a pass, which is good for another <see cref="PassLifetime"/> from then on.</summary>
    /// <param name="ticket">The ticket that opened the stream.</param>
    /// <param name="secret">What <see cref="IssuePassAsync"/> returned, as the client sent it.</param>
    /// <returns>Whose stream it is; null where the ticket and the cookie don't belong together, or no longer.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">What the nodes share cannot be reached.</exception>
    ValueTask<Identity?> ShowPassAsync(string ticket, string secret);
}

/// <summary>Those of a single node.</summary>
internal sealed class MemoryTickets(TimeProvider time) : ITicketStore
{
    private readonly Tickets _tickets = new(time);
    private readonly StreamPasses _passes = new(time);

    public ValueTask<string> IssueAsync(Identity identity) => ValueTask.FromResult(_tickets.Issue(identity));

    public ValueTask<Identity?> RedeemAsync(string ticket) => ValueTask.FromResult(_tickets.Redeem(ticket));

    public ValueTask<string?> IssuePassAsync(string ticket, Identity identity) => ValueTask.FromResult(_passes.Issue(ticket, identity));

    public ValueTask<Identity?> ShowPassAsync(string ticket, string secret) => ValueTask.FromResult(_passes.Show(ticket, secret));
}

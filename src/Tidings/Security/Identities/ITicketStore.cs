namespace Tidings.Security.Identities;

/// <summary>What stands in a URL in place of a token: tickets for one use, and passes to come back to a stream that one has opened. Safe from any thread.</summary>
internal interface ITicketStore
{
    /// <remarks>A user that has more than its share (<see cref="Tickets.Share"/>) loses its oldest.</remarks>
    /// <returns>A ticket of 43 URL-safe characters, good for <see cref="Tickets.Lifetime"/>.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">What the nodes share cannot be reached.</exception>
    ValueTask<string> IssueAsync(Identity identity);

    /// <summary>Uses a ticket up, whichever node has issued it.</summary>
    /// <returns>Whose it was; null where there is no such ticket, or no longer.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">What the nodes share cannot be reached.</exception>
    ValueTask<Identity?> RedeemAsync(string ticket);

    /// <remarks>A user that has more than its share (<see cref="StreamPasses.Share"/>) loses the one that was not shown for longest.</remarks>
    /// <returns>What the cookie of a ticket's stream is to hold; null where the ticket has opened one already.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">What the nodes share cannot be reached.</exception>
    ValueTask<string?> IssuePassAsync(string ticket, Identity identity);

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

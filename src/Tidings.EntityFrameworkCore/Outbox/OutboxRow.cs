namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>An event that waits in the table of its database to be published.</summary>
internal sealed class OutboxRow
{
    /// <summary>Given by the table, after the row locks of its transaction: in the order of commits for whatever two transactions both changed.</summary>
    public long Id { get; init; }

    public required string Channel { get; init; }

    public string? Key { get; init; }

    /// <summary>What subscribers see: JSON.</summary>
    public required byte[] Data { get; init; }

    /// <summary>What feeds alone see (<see cref="Brokers.Publication.Hidden"/>), or null.</summary>
    public byte[]? Hidden { get; init; }

    /// <summary>The transaction, where the database has numbers for them; otherwise 0.</summary>
    public long Transaction { get; init; }
}

using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Tidings.Brokers;
using Tidings.Security.Identities;

namespace Tidings.Data.State;

/// <summary>Tickets and passes that survive a restart. The file has their hashes alone. Safe from any thread.</summary>
internal sealed class DataTickets(StateDatabase database, IBrokerClock clock) : ITicketStore
{
    private const int Ticket = 0;
    private const int Pass = 1;
    private const int Most = 100_000;

    private static readonly long s_ticketLife = (long)Tickets.Lifetime.TotalMilliseconds;

    public async ValueTask<string> IssueAsync(Identity identity)
    {
        var ticket = BearerSecret.New();
        await database.RunAsync(connection => Put(connection, Ticket, ticket, identity, s_ticketLife, Tickets.Share, [])).ConfigureAwait(false);
        return ticket;
    }

    public ValueTask<Identity?> RedeemAsync(string ticket) => new(database.RunAsync(connection =>
    {
        var found = Find(connection, Ticket, ticket)?.Identity;
        StateDatabase.Run(connection, "DELETE FROM secrets WHERE kind = $kind AND hash = $hash", ("$kind", Ticket), ("$hash", Hash(ticket)));
        return found;
    }));

    public async ValueTask<string?> IssuePassAsync(string ticket, Identity identity)
    {
        var secret = BearerSecret.New();
        return await database.RunAsync(connection => Put(connection, Pass, ticket, identity, PassLife, StreamPasses.Share, BearerSecret.Hash(secret))).ConfigureAwait(false) ? secret : null;
    }

    public ValueTask<Identity?> ShowPassAsync(string ticket, string secret) => new(database.RunAsync(connection =>
    {
        if (Find(connection, Pass, ticket) is not { } found || !CryptographicOperations.FixedTimeEquals(BearerSecret.Hash(secret), found.Secret))
        {
            return null;
        }

        StateDatabase.Run(
            connection, "UPDATE secrets SET until = $until WHERE kind = $kind AND hash = $hash", ("$until", clock.Now + PassLife), ("$kind", Pass), ("$hash", Hash(ticket)));
        return found.Identity;
    }));

    private static long PassLife => (long)StreamPasses.Lifetime.TotalMilliseconds;

    private static string Hash(string ticket) => Convert.ToHexStringLower(BearerSecret.Hash(ticket));

    // Over its share a user loses its oldest; over what all may have, the oldest of all go.
    private bool Put(SqliteConnection connection, int kind, string ticket, Identity identity, long life, int share, byte[] secret)
    {
        StateDatabase.Run(connection, "DELETE FROM secrets WHERE kind = $kind AND until <= $now", ("$kind", kind), ("$now", clock.Now));
        var put = StateDatabase.Run(
            connection,
            "INSERT INTO secrets (kind, hash, owner, until, secret, identity) VALUES ($kind, $hash, $owner, $until, $secret, $identity) ON CONFLICT DO NOTHING",
            ("$kind", kind), ("$hash", Hash(ticket)), ("$owner", identity.User), ("$until", clock.Now + life), ("$secret", secret), ("$identity", IdentityText.Encode(identity)));
        StateDatabase.Run(
            connection,
            "DELETE FROM secrets WHERE kind = $kind AND hash IN (SELECT hash FROM secrets WHERE kind = $kind AND owner = $owner ORDER BY until DESC LIMIT -1 OFFSET $share)",
            ("$kind", kind), ("$owner", identity.User), ("$share", share));
        StateDatabase.Run(
            connection,
            "DELETE FROM secrets WHERE kind = $kind AND hash IN (SELECT hash FROM secrets WHERE kind = $kind ORDER BY until DESC LIMIT -1 OFFSET $most)",
            ("$kind", kind), ("$most", Most));
        return put == 1;
    }

    private (Identity Identity, byte[] Secret)? Find(SqliteConnection connection, int kind, string ticket)
    {
        using var command = StateDatabase.Command(
            connection, "SELECT secret, identity FROM secrets WHERE kind = $kind AND hash = $hash AND until > $now", ("$kind", kind), ("$hash", Hash(ticket)), ("$now", clock.Now));
        using var rows = command.ExecuteReader();
        return rows.Read() && IdentityText.Decode(rows.GetFieldValue<byte[]>(1)) is { } identity ? (identity, rows.GetFieldValue<byte[]>(0)) : null;
    }
}

using System.Security.Cryptography;
using Tidings.Nodes;
using Tidings.PostgreSql.Databases;
using Tidings.Security.Identities;

namespace Tidings.PostgreSql.Cluster;

/// <summary>Tickets and passes that any node takes. PostgreSQL has their hashes alone. Safe from any thread.</summary>
internal sealed class PostgreSqlTickets(PostgreSqlServer server, ClusterSeal seal, PostgreSqlMetrics metrics) : ITicketStore
{
    private const short Ticket = 0;
    private const short Pass = 1;
    private const int SecretHash = 32;

    public async ValueTask<string> IssueAsync(Identity identity)
    {
        var ticket = BearerSecret.New();
        await PutAsync(Ticket, ticket, identity, Tickets.Lifetime, Tickets.Share, IdentityText.Encode(identity)).ConfigureAwait(false);
        return ticket;
    }

    public async ValueTask<Identity?> RedeemAsync(string ticket)
    {
        var link = await server.GetLinkAsync().ConfigureAwait(false);
        var hash = BearerSecret.Hash(ticket);
        var found = await new Statement("DELETE FROM tidings.secrets WHERE kind = $1 AND hash = $2 RETURNING CASE WHEN until > tidings.now_1() THEN content END", Ticket, hash)
            .AskAsync(link.Database).ConfigureAwait(false);
        return Open(Ticket, hash, found) is { } written ? Read(written) : null;
    }

    public async ValueTask<string?> IssuePassAsync(string ticket, Identity identity)
    {
        var secret = BearerSecret.New();
        byte[] pass = [.. BearerSecret.Hash(secret), .. IdentityText.Encode(identity)];
        return await PutAsync(Pass, ticket, identity, StreamPasses.Lifetime, StreamPasses.Share, pass).ConfigureAwait(false) ? secret : null;
    }

    public async ValueTask<Identity?> ShowPassAsync(string ticket, string secret)
    {
        var link = await server.GetLinkAsync().ConfigureAwait(false);
        var hash = BearerSecret.Hash(ticket);
        var found = await new Statement("SELECT content FROM tidings.secrets WHERE kind = $1 AND hash = $2 AND until > tidings.now_1()", Pass, hash).AskAsync(link.Database).ConfigureAwait(false);
        if (Open(Pass, hash, found) is not { } pass || pass.Length < SecretHash || !CryptographicOperations.FixedTimeEquals(BearerSecret.Hash(secret), pass.Span[..SecretHash]))
        {
            return null;
        }

        var identity = Read(pass[SecretHash..]);
        if (identity is not null)
        {
            await new Statement("UPDATE tidings.secrets SET used = tidings.now_1(), until = tidings.now_1() + $3 WHERE kind = $1 AND hash = $2", Pass, hash, Milliseconds(StreamPasses.Lifetime))
                .AskAsync(link.Database).ConfigureAwait(false);
        }

        return identity;
    }

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;

    private static string Place(short kind, byte[] hash) => $"{(kind == Ticket ? "ticket" : "pass")}:{Convert.ToHexStringLower(hash)}";

    private async Task<bool> PutAsync(short kind, string ticket, Identity identity, TimeSpan life, int share, byte[] content)
    {
        var link = await server.GetLinkAsync().ConfigureAwait(false);
        var hash = BearerSecret.Hash(ticket);
        return await new Statement("SELECT tidings.secret_1($1, $2, $3, $4, $5, $6)", kind, hash, identity.User, Milliseconds(life), share, seal.Seal(Place(kind, hash), content))
            .AskAsync(link.Database).ConfigureAwait(false) is true;
    }

    private ReadOnlyMemory<byte>? Open(short kind, byte[] hash, object? value)
    {
        if (value is not byte[] written)
        {
            return null;
        }

        if (seal.TryOpen(Place(kind, hash), written, out var content))
        {
            return content;
        }

        metrics.Dropped("tickets");
        return null;
    }

    private Identity? Read(ReadOnlyMemory<byte> json)
    {
        if (IdentityText.Decode(json) is { } identity)
        {
            return identity;
        }

        metrics.Dropped("tickets");
        return null;
    }
}

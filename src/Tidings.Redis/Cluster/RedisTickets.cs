using System.Security.Cryptography;
using Tidings.Nodes;
using Tidings.Redis.Servers;
using Tidings.Security.Identities;

namespace Tidings.Redis.Cluster;

/// <summary>Tickets and passes that any node takes. Redis has their hashes alone.</summary>
internal sealed class RedisTickets(RedisShard[] shards, ClusterSeal seal, RedisMetrics metrics) : ITicketStore
{
    // Both are as long as in memory.
    private const string TicketLife = "30000";
    private const string PassLife = "3600000";

    private const int SecretHash = 32;

    public async ValueTask<string> IssueAsync(Identity identity)
    {
        // With the user's others, so that their number is bounded over all servers.
        string ticket, hash;
        do
        {
            ticket = BearerSecret.New();
            hash = Hash(ticket);
        }
        while (RedisSpread.IndexOf(hash, shards.Length) != RedisSpread.IndexOf(identity.User, shards.Length));

        var redis = await ConnectionOf(hash).ConfigureAwait(false);
        await redis.EvaluateAsync(
            RedisScript.PutSecret, [redis.Keys.Ticket(hash), redis.Keys.TicketsOf(identity.User)], [seal.Seal(redis.Keys.Ticket(hash), IdentityText.Encode(identity)), TicketLife, Tickets.Share]).ConfigureAwait(false);
        return ticket;
    }

    public async ValueTask<Identity?> RedeemAsync(string ticket)
    {
        var hash = Hash(ticket);
        var redis = await ConnectionOf(hash).ConfigureAwait(false);
        return Open(redis.Keys.Ticket(hash), await redis.ExecuteAsync("GETDEL", redis.Keys.Ticket(hash)).ConfigureAwait(false)) is { } written ? Read(written) : null;
    }

    public async ValueTask<string?> IssuePassAsync(string ticket, Identity identity)
    {
        var secret = BearerSecret.New();
        var hash = Hash(ticket);
        var redis = await ConnectionOf(hash).ConfigureAwait(false);
        byte[] pass = [.. BearerSecret.Hash(secret), .. IdentityText.Encode(identity)];
        var set = await redis.EvaluateAsync(RedisScript.PutSecret, [redis.Keys.Pass(hash), redis.Keys.PassesOf(identity.User)], [seal.Seal(redis.Keys.Pass(hash), pass), PassLife, StreamPasses.Share]).ConfigureAwait(false);
        return (int)set == 1 ? secret : null;
    }

    public async ValueTask<Identity?> ShowPassAsync(string ticket, string secret)
    {
        var hash = Hash(ticket);
        var redis = await ConnectionOf(hash).ConfigureAwait(false);
        var written = Open(redis.Keys.Pass(hash), await redis.ExecuteAsync("GET", redis.Keys.Pass(hash)).ConfigureAwait(false));
        if (written is not { } pass || pass.Length < SecretHash || !CryptographicOperations.FixedTimeEquals(BearerSecret.Hash(secret), pass.Span[..SecretHash]))
        {
            return null;
        }

        var identity = Read(pass[SecretHash..]);
        if (identity is not null)
        {
            await redis.EvaluateAsync(RedisScript.RenewSecret, [redis.Keys.Pass(hash), redis.Keys.PassesOf(identity.User)], [PassLife]).ConfigureAwait(false);
        }

        return identity;
    }

    private static string Hash(string ticket) => Convert.ToHexStringLower(BearerSecret.Hash(ticket));

    private async ValueTask<RedisConnection> ConnectionOf(string hash) => (await shards[RedisSpread.IndexOf(hash, shards.Length)].GetLinkAsync().ConfigureAwait(false)).Connection;

    private ReadOnlyMemory<byte>? Open(string key, RedisAnswer value)
    {
        if ((byte[]?)value is not { } written)
        {
            return null;
        }

        if (seal.TryOpen(key, written, out var content))
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

using System.Security.Cryptography;
using StackExchange.Redis;
using Tidings.Security.Identities;

namespace Tidings.Redis.Cluster;

/// <summary>Tickets and passes that any node takes. Redis has their hashes alone.</summary>
internal sealed class RedisTickets(RedisShard[] shards, RedisKeys keys, RedisMetrics metrics) : ITicketStore
{
    // Both are as long as in memory.
    private const string TicketLife = "30000";
    private const string PassLife = "3600000";

    private const int SecretHash = 32;

    public async ValueTask<string> IssueAsync(Identity identity)
    {
        var ticket = BearerSecret.New();
        var hash = Hash(ticket);
        var redis = await ConnectionOf(hash).ConfigureAwait(false);
        await redis.EvaluateAsync(
            RedisScript.PutSecret, [keys.Ticket(hash), keys.TicketsOf(identity.User)], [IdentityText.Encode(identity), TicketLife, Tickets.Share]).ConfigureAwait(false);
        return ticket;
    }

    public async ValueTask<Identity?> RedeemAsync(string ticket)
    {
        var hash = Hash(ticket);
        var redis = await ConnectionOf(hash).ConfigureAwait(false);
        return Read(await redis.ExecuteAsync("GETDEL", keys.Ticket(hash)).ConfigureAwait(false), skip: 0);
    }

    public async ValueTask<string?> IssuePassAsync(string ticket, Identity identity)
    {
        var secret = BearerSecret.New();
        var hash = Hash(ticket);
        var redis = await ConnectionOf(hash).ConfigureAwait(false);
        byte[] pass = [.. BearerSecret.Hash(secret), .. IdentityText.Encode(identity)];
        var set = await redis.EvaluateAsync(RedisScript.PutSecret, [keys.Pass(hash), keys.PassesOf(identity.User)], [pass, PassLife, StreamPasses.Share]).ConfigureAwait(false);
        return (int)set == 1 ? secret : null;
    }

    public async ValueTask<Identity?> ShowPassAsync(string ticket, string secret)
    {
        var hash = Hash(ticket);
        var redis = await ConnectionOf(hash).ConfigureAwait(false);
        var pass = await redis.ExecuteAsync("GET", keys.Pass(hash)).ConfigureAwait(false);
        var bytes = (byte[]?)pass;
        if (bytes is null || bytes.Length < SecretHash || !CryptographicOperations.FixedTimeEquals(BearerSecret.Hash(secret), bytes.AsSpan(0, SecretHash)))
        {
            return null;
        }

        var identity = Read(pass, SecretHash);
        if (identity is not null)
        {
            await redis.EvaluateAsync(RedisScript.RenewSecret, [keys.Pass(hash), keys.PassesOf(identity.User)], [PassLife]).ConfigureAwait(false);
        }

        return identity;
    }

    private static string Hash(string ticket) => Convert.ToHexStringLower(BearerSecret.Hash(ticket));

    private async ValueTask<RedisConnection> ConnectionOf(string hash) => (await shards[RedisKeys.Shard(hash, shards.Length)].GetLinkAsync().ConfigureAwait(false)).Connection;

    private Identity? Read(RedisResult value, int skip)
    {
        if ((byte[]?)value is not { } bytes)
        {
            return null;
        }

        if (IdentityText.Decode(bytes.AsMemory(skip)) is { } identity)
        {
            return identity;
        }

        metrics.Dropped("tickets");
        return null;
    }
}

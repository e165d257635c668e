using System.Globalization;
using System.Text;
using StackExchange.Redis;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Presence;

/// <summary>Presence as it stands in Redis. Each call is one step there, and calls reach the server in the order in which they are made.</summary>
/// <remarks>What is read was written by somebody who may write in Redis, and may be anything: what does not hold is left out and counted.</remarks>
internal sealed class PresenceTable(RedisKeys keys, TimeProvider time, RedisMetrics metrics)
{
    // Past this many members, those of a node that has just ended count for the seconds until they are taken out.
    private const int MostCounted = 10_000;

    private const int LongestName = 512;
    private const int LongestInfo = 64 << 10;
    private const int LongestPart = 1000;

    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(1);

    /// <summary>How often <see cref="KeepAsync"/> is called, where there are not too many channels for it.</summary>
    public static readonly TimeSpan KeepInterval = TimeSpan.FromSeconds(5);

    public Task PutAsync(RedisConnection redis, string lease, string channel, PresenceMember member) => redis.EvaluateAsync(
        RedisScript.PresencePut,
        [keys.Presence(channel), keys.Members(channel), keys.Leased(lease, "presence")],
        [lease, member.User, member.Connections, member.Info.ToArray(), channel, Beside(channel), Encode(MessageKind.Join, channel, member), Milliseconds(KeyLife)]);

    public Task TakeAsync(RedisConnection redis, string lease, string channel, PresenceMember member) => redis.EvaluateAsync(
        RedisScript.PresenceTake,
        [keys.Presence(channel), keys.Members(channel), keys.Leases],
        [lease, member.User, Beside(channel), Encode(MessageKind.Leave, channel, member with { Connections = 0 })]);

    /// <summary>Has what was put in live on.</summary>
    /// <returns>False where <paramref name="user"/>, who was put in, is not there any more.</returns>
    public async Task<bool> KeepAsync(RedisConnection redis, string lease, string channel, string user) => (long)await redis.EvaluateAsync(
        RedisScript.PresenceKeep,
        [keys.Presence(channel), keys.Members(channel), keys.Leased(lease, "presence")],
        [lease, user, Milliseconds(KeyLife)]).ConfigureAwait(false) == 1;

    public async Task<PresenceList> ReadAsync(RedisConnection redis, string channel, int limit, CancellationToken cancellationToken)
    {
        var answer = (RedisResult[])await redis.EvaluateAsync(
            RedisScript.PresenceRead, [keys.Presence(channel), keys.Members(channel), keys.Leases], [limit, MostCounted], cancellationToken).ConfigureAwait(false);
        var parts = (RedisResult[])answer[1];
        var members = new List<PresenceMember>(parts.Length / 3);
        for (var i = 0; i + 2 < parts.Length; i += 3)
        {
            if (Decode((byte[])parts[i], (long)parts[i + 1], (byte[])parts[i + 2]) is { } member)
            {
                members.Add(member);
            }
        }

        return new PresenceList(members, (int)(long)answer[0]);
    }

    /// <summary>Takes out what was put in under a lease that has ended.</summary>
    public async Task SweepAsync(RedisConnection redis, string lease)
    {
        var index = keys.Leased(lease, "presence");
        await foreach (var name in redis.ScanAsync("SSCAN", index).ConfigureAwait(false))
        {
            if (Encoding.UTF8.GetString(name) is var channel && ConnectionPresence.IsValid(channel))
            {
                await SweepAsync(redis, lease, channel).ConfigureAwait(false);
            }
            else
            {
                metrics.Dropped("presence");
            }
        }

        await redis.ExecuteAsync("UNLINK", index).ConfigureAwait(false);
    }

    private async Task SweepAsync(RedisConnection redis, string lease, string channel)
    {
        var taking = new List<Task>();
        var isName = true;
        await foreach (var item in redis.ScanAsync("HSCAN", keys.Presence(channel), "MATCH", lease + "*").ConfigureAwait(false))
        {
            // Names and values in turn.
            if (isName && item.Length > lease.Length)
            {
                taking.Add(TakeAsync(redis, lease, channel, item.AsMemory(lease.Length)));
                if (taking.Count >= LongestPart)
                {
                    await Task.WhenAll(taking).ConfigureAwait(false);
                    taking.Clear();
                }
            }

            isName = !isName;
        }

        await Task.WhenAll(taking).ConfigureAwait(false);
    }

    private async Task TakeAsync(RedisConnection redis, string lease, string channel, ReadOnlyMemory<byte> user)
    {
        var info = await redis.ExecuteAsync("HGET", keys.Members(channel), user.ToArray()).ConfigureAwait(false);
        if (Decode(user.Span, 0, (byte[]?)info ?? []) is { } member)
        {
            await TakeAsync(redis, lease, channel, member).ConfigureAwait(false);
        }
    }

    private PresenceMember? Decode(ReadOnlySpan<byte> user, long connections, byte[] info)
    {
        if (user.Length is > 0 and <= LongestName && System.Text.Unicode.Utf8.IsValid(user) && connections is >= 0 and <= int.MaxValue
            && info.Length <= LongestInfo && (info.Length == 0 || JsonPayload.IsOneLine(info)))
        {
            return new PresenceMember(Encoding.UTF8.GetString(user), (int)connections, info);
        }

        metrics.Dropped("presence");
        return null;
    }

    private string Beside(string channel) => keys.Channel(PresenceChannel.Of(channel));

    private byte[] Encode(MessageKind kind, string channel, PresenceMember member) => LogEntry.EncodeEphemeral(
        new Publication(channel, new MessageData(DataKind.Json, member.ToJson())) { Kind = kind }, time.GetUtcNow().ToUnixTimeMilliseconds());

    private static string Milliseconds(TimeSpan span) => ((long)span.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}

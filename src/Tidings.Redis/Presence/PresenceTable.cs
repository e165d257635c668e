using System.Globalization;
using System.Text;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Presence;

/// <summary>Presence as it stands in Redis. Each call is one step there, and calls reach the server in the order in which they are made.</summary>
/// <remarks>What is read was written by somebody who may write in Redis, and may be anything: what does not hold is left out and counted.</remarks>
internal sealed class PresenceTable(TimeProvider time, RedisMetrics metrics)
{
    // Past this many members, those of a node that has just ended count for the seconds until they are taken out.
    private const int MostCounted = 10_000;

    private const int LongestName = 512;
    private const int LongestInfo = 64 << 10;
    private const int LongestPart = 1000;

    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(1);

    /// <summary>How often <see cref="KeepAsync"/> is called, where there are not too many channels for it.</summary>
    public static readonly TimeSpan KeepInterval = TimeSpan.FromSeconds(5);

    /// <summary>Says how a member is there by a node.</summary>
    /// <param name="redis">The server.</param>
    /// <param name="lease">The node's.</param>
    /// <param name="channel">Where.</param>
    /// <param name="member">The member by this node.</param>
    /// <param name="isAnew">Whether what it says was said just now.</param>
    /// <returns>When what it says was said, in an order that all nodes share; 0 where it says nothing.</returns>
    public async Task<long> PutAsync(RedisConnection redis, string lease, string channel, NodeMember member, bool isAnew)
    {
        if (member.IsTracked)
        {
            return (long)await TrackAsync(redis, lease, channel, member, isThere: true, isAnew).ConfigureAwait(false);
        }

        await redis.EvaluateAsync(
            RedisScript.PresencePut,
            [redis.Keys.Presence(channel), redis.Keys.Members(channel), redis.Keys.Leased(lease, "presence")],
            [lease, member.Key, member.Connections, member.Said.ToArray(), channel, Beside(redis, channel), Encode(MessageKind.Join, channel, member.ToMember().ToJson()), Milliseconds(KeyLife)]).ConfigureAwait(false);
        return 0;
    }

    public Task TakeAsync(RedisConnection redis, string lease, string channel, NodeMember member) => member.IsTracked
        ? TrackAsync(redis, lease, channel, member, isThere: false, isAnew: false)
        : redis.EvaluateAsync(
            RedisScript.PresenceTake,
            [redis.Keys.Presence(channel), redis.Keys.Members(channel), redis.Keys.Leases],
            [lease, member.Key, Beside(redis, channel), Encode(MessageKind.Leave, channel, (member.ToMember() with { Connections = 0 }).ToJson())]);

    // What others are told depends on what is said by all nodes, which the script alone knows.
    private Task<RedisAnswer> TrackAsync(RedisConnection redis, string lease, string channel, NodeMember member, bool isThere, bool isAnew)
    {
        var names = PresenceMember.Names(member.User, member.Connection);
        return redis.EvaluateAsync(
            RedisScript.PresenceTrack,
            [redis.Keys.Presence(channel), redis.Keys.Members(channel), redis.Keys.Leased(lease, "presence"), redis.Keys.Leases],
            [
                lease, member.Key, isThere ? member.Connections : "", isAnew ? "new" : member.Latest is { IsShared: true } said ? said.Stamp : "", member.Latest?.Info.ToArray() ?? [], member.Said.ToArray(),
                channel, Beside(redis, channel), Milliseconds(KeyLife),
                Encode(MessageKind.Join, channel, names), Encode(MessageKind.Update, channel, names), Encode(MessageKind.Leave, channel, names),
                member.Connection is null ? "" : "1",
            ]);
    }

    /// <summary>Has what was put in live on.</summary>
    /// <returns>False where <paramref name="member"/>, which was put in, is not there any more.</returns>
    public static async Task<bool> KeepAsync(RedisConnection redis, string lease, string channel, string member) => (long)await redis.EvaluateAsync(
        RedisScript.PresenceKeep,
        [redis.Keys.Presence(channel), redis.Keys.Members(channel), redis.Keys.Leased(lease, "presence")],
        [lease, member, Milliseconds(KeyLife)]).ConfigureAwait(false) == 1;

    public async Task<PresenceList> ReadAsync(RedisConnection redis, string channel, int limit, CancellationToken cancellationToken)
    {
        var answer = (RedisAnswer[])await redis.EvaluateAsync(
            RedisScript.PresenceRead, [redis.Keys.Presence(channel), redis.Keys.Members(channel), redis.Keys.Leases], [limit, MostCounted], cancellationToken).ConfigureAwait(false);
        var parts = (RedisAnswer[])answer[1];
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
        var index = redis.Keys.Leased(lease, "presence");
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
        await foreach (var item in redis.ScanAsync("HSCAN", redis.Keys.Presence(channel), "MATCH", lease + "*").ConfigureAwait(false))
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

    private async Task TakeAsync(RedisConnection redis, string lease, string channel, ReadOnlyMemory<byte> key)
    {
        var value = await redis.ExecuteAsync("HGET", redis.Keys.Members(channel), key.ToArray()).ConfigureAwait(false);
        if (Decode(key.Span, 0, (byte[]?)value ?? []) is { } member)
        {
            await TakeAsync(redis, lease, channel, new NodeMember(member.User, 0, member.Vouched, member.IsTracked) { Connection = member.Connection }).ConfigureAwait(false);
        }
    }

    private PresenceMember? Decode(ReadOnlySpan<byte> key, long connections, byte[] value)
    {
        if (key.Length is > 0 and <= LongestName && System.Text.Unicode.Utf8.IsValid(key) && connections is >= 0 and <= int.MaxValue
            && value.Length <= LongestInfo && MemberValue.TryRead(value, out var info, out var said, out var isTracked))
        {
            var (user, connection) = PresenceMember.Split(Encoding.UTF8.GetString(key));
            return new PresenceMember(user, (int)connections, isTracked ? info : said, isTracked) { Connection = connection, UserInfo = isTracked ? said : default };
        }

        metrics.Dropped("presence");
        return null;
    }

    private static string Beside(RedisConnection redis, string channel) => redis.Keys.Channel(PresenceChannel.Of(channel));

    private byte[] Encode(MessageKind kind, string channel, byte[] member) => LogEntry.EncodeEphemeral(
        new Publication(channel, new MessageData(DataKind.Json, member)) { Kind = kind }, time.GetUtcNow().ToUnixTimeMilliseconds());

    private static string Milliseconds(TimeSpan span) => ((long)span.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}

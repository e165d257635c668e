using System.Globalization;
using Tidings.Brokers;
using Tidings.Presence;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Cluster;

/// <summary>When users were last connected to any node, in one sorted set on the first server. Safe from any thread.</summary>
/// <remarks>What is noted is written every few seconds, all at once: a crowd that comes or goes costs one call.</remarks>
internal sealed class RedisLastSeen(RedisShard shard, RedisClock clock, TimeProvider time) : ILastSeen, ILeased
{
    private const int MostAtOnce = 1000;

    private readonly MemoryLastSeen _pending = new(time);

    public void Note(string user) => _pending.Note(user);

    public async ValueTask<IReadOnlyDictionary<string, long>> ReadAsync(IReadOnlyList<string> users, CancellationToken cancellationToken = default)
    {
        var link = await shard.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
        var scores = (string?[])await link.Connection.ExecuteAsync("ZMSCORE", [link.Keys.Seen, .. users]).ConfigureAwait(false);
        var seen = new Dictionary<string, long>(await _pending.ReadAsync(users, cancellationToken).ConfigureAwait(false), StringComparer.Ordinal);
        var oldest = clock.Now - (long)ILastSeen.Life.TotalMilliseconds;
        for (var i = 0; i < users.Count && i < scores.Length; i++)
        {
            // Whatever stands there was written by somebody who may write in Redis.
            if (double.TryParse(scores[i], NumberStyles.Float, CultureInfo.InvariantCulture, out var at) && at >= oldest && at <= clock.Now + ILastSeen.Life.TotalMilliseconds)
            {
                seen[users[i]] = Math.Max(seen.GetValueOrDefault(users[i]), (long)at);
            }
        }

        return seen;
    }

    public async ValueTask<bool> EraseAsync(string user)
    {
        var link = await shard.GetLinkAsync().ConfigureAwait(false);
        var pending = await _pending.EraseAsync(user).ConfigureAwait(false);
        return (long)await link.Connection.ExecuteAsync("ZREM", link.Keys.Seen, user).ConfigureAwait(false) > 0 || pending;
    }

    public Task PutAsync(RedisLink link, string lease, string ended) => KeepAsync(link, lease);

    public async Task KeepAsync(RedisLink link, string lease)
    {
        var noted = _pending.TakeAll();
        if (noted.Count == 0)
        {
            return;
        }

        try
        {
            foreach (var some in noted.Chunk(MostAtOnce))
            {
                await link.Connection.ExecuteAsync("ZADD", [link.Keys.Seen, "GT", .. some.SelectMany(static entry => new object[] { Text(entry.At), entry.User })]).ConfigureAwait(false);
            }

            await link.Connection.ExecuteAsync("ZREMRANGEBYSCORE", link.Keys.Seen, "-inf", "(" + Text(clock.Now - (long)ILastSeen.Life.TotalMilliseconds)).ConfigureAwait(false);
            await link.Connection.ExecuteAsync("ZREMRANGEBYRANK", link.Keys.Seen, "0", (-ILastSeen.MostUsers - 1).ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
            await link.Connection.ExecuteAsync("PEXPIRE", link.Keys.Seen, Text((long)ILastSeen.Life.TotalMilliseconds)).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            // The times of this moment are a little late, and better than none.
            foreach (var (user, _) in noted.Reverse())
            {
                _pending.Note(user);
            }

            throw;
        }
    }

    public Task SweepAsync(RedisLink link, string ended) => Task.CompletedTask;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Cluster;

/// <summary>How many connections users have by each node, as long as the node's lease holds. Used only where that is limited.</summary>
internal sealed class RedisCounts(RedisShard[] shards, TimeProvider time) : IConnectionCounts
{
    private const string Kind = "users";
    private const int AtOnce = 256;

    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(1);
    private static readonly string KeyLifeText = ((long)KeyLife.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    private readonly bool[] _behind = new bool[shards.Length];
    private readonly long[] _keptAt = new long[shards.Length];
    private IReadOnlyList<NodeLease> _leases = [];

    /// <summary>Whose connections are counted; null where the node has none.</summary>
    public ConnectionRegistry? Connections { get; set; }

    public ILeased On(int shard) => new Share(this, shard);

    public void Hold(IReadOnlyList<NodeLease> leases) => _leases = leases;

    public Task<bool> EnterAsync(string user, int here, int limit)
    {
        var shard = RedisSpread.IndexOf(user, shards.Length);
        return shards[shard].Link is { } link ? EnterAsync(link, shard, user, here, limit) : Task.FromResult(true);
    }

    public void Leave(string user, int here)
    {
        var shard = RedisSpread.IndexOf(user, shards.Length);
        if (shards[shard].Link is { } link)
        {
            _ = LeaveAsync(link, shard, user, here);
        }
    }

    private async Task<bool> EnterAsync(RedisLink link, int shard, string user, int here, int limit)
    {
        try
        {
            var lease = _leases[shard].Id;
            var (before, behind) = link.Keys.AroundLease(Kind);
            return (long)await link.Connection.EvaluateAsync(
                RedisScript.CountEnter, [link.Keys.Leases, link.Keys.Leased(lease, Kind)], [lease, user, here, limit, KeyLifeText, before, behind]).ConfigureAwait(false) == 1;
        }
        catch (BrokerUnavailableException)
        {
            // The node's own count holds.
            _behind[shard] = true;
            return true;
        }
    }

    private async Task LeaveAsync(RedisLink link, int shard, string user, int here)
    {
        try
        {
            await SayAsync(link, _leases[shard].Id, user, here).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            _behind[shard] = true;
        }
    }

    private static Task SayAsync(RedisLink link, string lease, string user, int here) => here > 0
        ? link.Connection.ExecuteAsync("HSET", link.Keys.Leased(lease, Kind), user, here)
        : link.Connection.ExecuteAsync("HDEL", link.Keys.Leased(lease, Kind), user);

    private sealed class Share(RedisCounts counts, int shard) : ILeased
    {
        public async Task PutAsync(RedisLink link, string lease, string ended)
        {
            if (counts.Connections is not { LimitsUsers: true } connections)
            {
                return;
            }

            if (ended.Length > 0)
            {
                await SweepAsync(link, ended).ConfigureAwait(false);
            }

            counts._behind[shard] = false;
            foreach (var some in connections.Users.Where(user => RedisSpread.IndexOf(user, counts.Shards) == shard).Chunk(AtOnce))
            {
                await Task.WhenAll(connections.EachCount(some, (user, here) => SayAsync(link, lease, user, here))).ConfigureAwait(false);
            }

            await LiveOnAsync(link, lease).ConfigureAwait(false);
        }

        public async Task KeepAsync(RedisLink link, string lease)
        {
            if (counts._behind[shard])
            {
                await PutAsync(link, lease, lease).ConfigureAwait(false);
            }
            else if (counts.Connections is { LimitsUsers: true } && counts.Time.GetElapsedTime(counts._keptAt[shard]) > KeyLife / 4)
            {
                await LiveOnAsync(link, lease).ConfigureAwait(false);
            }
        }

        public Task SweepAsync(RedisLink link, string ended) => link.Connection.ExecuteAsync("UNLINK", link.Keys.Leased(ended, Kind));

        private Task LiveOnAsync(RedisLink link, string lease)
        {
            counts._keptAt[shard] = counts.Time.GetTimestamp();
            return link.Connection.ExecuteAsync("PEXPIRE", link.Keys.Leased(lease, Kind), KeyLifeText);
        }
    }

    private int Shards => shards.Length;

    private TimeProvider Time => time;
}

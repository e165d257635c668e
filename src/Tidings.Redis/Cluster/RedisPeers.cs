using System.Globalization;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Cluster;

/// <summary>The names of the nodes that are there, on the first server: so that it can be said who does not answer. Safe from any thread.</summary>
/// <remarks>What is read was written by somebody who may write in Redis, and may be anything.</remarks>
internal sealed class RedisPeers(string node, RedisClock clock) : ILeased
{
    private const int MostPeers = 1000;
    private const int LongestName = 64;

    // Longer than a lease, and gone with it.
    private static readonly TimeSpan Life = NodeLease.Life + NodeLease.RenewInterval;

    public Task PutAsync(RedisLink link, string lease, string ended) => KeepAsync(link, lease);

    public async Task KeepAsync(RedisLink link, string lease)
    {
        await link.Connection.ExecuteAsync("ZADD", link.Keys.Peers, Text(clock.Now + (long)Life.TotalMilliseconds), node).ConfigureAwait(false);
        await link.Connection.ExecuteAsync("ZREMRANGEBYSCORE", link.Keys.Peers, "-inf", "(" + Text(clock.Now)).ConfigureAwait(false);
        await link.Connection.ExecuteAsync("PEXPIRE", link.Keys.Peers, Text((long)Life.TotalMilliseconds)).ConfigureAwait(false);
    }

    public Task SweepAsync(RedisLink link, string ended) => Task.CompletedTask;

    /// <summary>The node goes, and says so.</summary>
    public Task LeaveAsync(RedisLink link) => link.Connection.ExecuteAsync("ZREM", link.Keys.Peers, node);

    /// <summary>The names of the others.</summary>
    public async Task<IReadOnlyList<string>> ReadAsync(RedisLink link)
    {
        var names = (string[])await link.Connection.ExecuteAsync("ZRANGEBYSCORE", link.Keys.Peers, Text(clock.Now), "+inf", "LIMIT", "0", MostPeers).ConfigureAwait(false);
        return [.. names.Where(name => name != node && name.Length is > 0 and <= LongestName && name.All(char.IsAsciiLetterOrDigit))];
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Cluster;

/// <summary>Something in Redis that ends with the node that put it in. Safe from any thread.</summary>
internal interface ILeased
{
    /// <summary>Puts in all that the node has, under a lease that has just begun.</summary>
    /// <param name="link">The server.</param>
    /// <param name="lease">The lease.</param>
    /// <param name="ended">The node's lease before this one, which does not count any more; empty where there was none.</param>
    Task PutAsync(RedisLink link, string lease, string ended);

    /// <summary>Called every few seconds while all is well: puts in what failed before, and lets nothing expire.</summary>
    Task KeepAsync(RedisLink link, string lease);

    /// <summary>Takes out what was put in under a lease that has ended.</summary>
    Task SweepAsync(RedisLink link, string ended);
}

/// <summary>A node's lease on one server: while it holds, what the node has put in counts there. Once it has ended, one of the others takes that out.</summary>
/// <remarks>Each connection, and each time that the node was too late to renew, begins a lease of its own and puts everything in anew. Safe from any thread.</remarks>
internal sealed partial class NodeLease
{
    /// <summary>How long a node counts that is not heard of any more.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(10);

    /// <summary>How often a lease is renewed, and it is looked whether others have ended.</summary>
    public static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(3);

    // One survivor takes out what a node has left; should it end meanwhile, another does.
    private static readonly TimeSpan SweepLife = TimeSpan.FromSeconds(2);

    // Longer than any lease: what nodes have left is taken out by the first node that comes, even after a night without nodes.
    private static readonly TimeSpan KeyLife = TimeSpan.FromDays(2);

    private readonly string _spread;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly IReadOnlyList<ILeased> _holdings;
    private readonly HashSet<string> _sweeping = new(StringComparer.Ordinal);
    private volatile string _id = "";
    private string _before = "";
    private long _renewedAt;
    private bool _wasRefused;
    private bool _isBehind;

    public NodeLease(RedisShard shard, IReadOnlyList<ILeased> holdings, TimeProvider time, ILogger log)
    {
        _spread = shard.Place.Spread;
        _time = time;
        _log = log;
        _holdings = holdings;
        shard.OnConnected.Add(BeginAsync);
        shard.OnLinked.Add(PutAsync);
        shard.OnTick.Add(TickAsync);
    }

    /// <summary>The lease that holds now: 16 characters.</summary>
    public string Id => _id;

    /// <summary>Has others take out soon what the node still has, but not so soon that who goes on elsewhere is told to have left.</summary>
    public async Task ReleaseAsync(RedisLink link, TimeSpan after)
    {
        await RunAsync(link, after, begins: false).ConfigureAwait(false);
        _id = "";
    }

    private static string Milliseconds(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    private async Task BeginAsync(RedisLink link)
    {
        _before = _id;
        _id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        await RunAsync(link, Life, begins: true).ConfigureAwait(false);
    }

    // Both leases hold until all is in under the new one: nobody who was there is gone in between.
    private async Task PutAsync(RedisLink link)
    {
        _isBehind = true;
        foreach (var holding in _holdings)
        {
            await holding.PutAsync(link, _id, _before).ConfigureAwait(false);
        }

        _isBehind = false;
        if (_before is { Length: > 0 } before)
        {
            _before = "";
            await SweepAsync(link, before).ConfigureAwait(false);
        }
    }

    private async Task TickAsync(RedisLink link)
    {
        // Every second tick. First of all: where that is refused, so is the rest.
        if (_time.GetElapsedTime(_renewedAt) >= RenewInterval - (RedisShard.ProbeInterval / 2))
        {
            var answer = await RunAsync(link, Life, begins: false).ConfigureAwait(false);
            if (answer[0] == "ended")
            {
                LogEnded();
                await BeginAsync(link).ConfigureAwait(false);
                await PutAsync(link).ConfigureAwait(false);
                return;
            }

            foreach (var ended in answer.AsSpan(1))
            {
                _ = SweepOthersAsync(link, ended);
            }
        }

        if (_isBehind)
        {
            await PutAsync(link).ConfigureAwait(false);
        }

        foreach (var holding in _holdings)
        {
            await holding.KeepAsync(link, _id).ConfigureAwait(false);
        }
    }

    private async Task<string[]> RunAsync(RedisLink link, TimeSpan life, bool begins)
    {
        RedisValue[] arguments =
        [
            _id, Milliseconds(life), begins ? "1" : "0", Milliseconds(KeyLife), Milliseconds(Life), Milliseconds(_time.GetElapsedTime(_renewedAt)), _wasRefused ? "1" : "0",
            _spread, _before,
        ];
        try
        {
            var answer = await link.Connection.EvaluateAsync(RedisScript.Lease, [link.Keys.Leases, link.Keys.Spread], arguments).ConfigureAwait(false);
            _renewedAt = _time.GetTimestamp();
            _wasRefused = false;
            link.Connection.Wrote();
            var words = (string[])answer;
            return words[0] == "spread" ? throw new SpreadMismatchException(words[1], _spread) : words;
        }
        catch (BrokerUnavailableException error) when (error.Refusal is not null)
        {
            _wasRefused = true;
            throw;
        }
    }

    private async Task SweepOthersAsync(RedisLink link, string ended)
    {
        lock (_sweeping)
        {
            if (!_sweeping.Add(ended))
            {
                return;
            }
        }

        try
        {
            if (IsLease(ended) && !(await link.Connection.ExecuteAsync("SET", link.Keys.Sweep(ended), _id, "NX", "PX", Milliseconds(SweepLife)).ConfigureAwait(false)).IsNull)
            {
                await SweepAsync(link, ended).ConfigureAwait(false);
                LogSwept(ended);
            }
        }
        catch (BrokerUnavailableException)
        {
            // Somebody will, as long as the lease is among those that have ended.
        }
        finally
        {
            lock (_sweeping)
            {
                _sweeping.Remove(ended);
            }
        }
    }

    private async Task SweepAsync(RedisLink link, string ended)
    {
        // From here on it counts nowhere, should it still hold.
        await link.Connection.ExecuteAsync("ZADD", link.Keys.Leases, "XX", "0", ended).ConfigureAwait(false);
        foreach (var holding in _holdings)
        {
            await holding.SweepAsync(link, ended).ConfigureAwait(false);
        }

        await link.Connection.ExecuteAsync("ZREM", link.Keys.Leases, ended).ConfigureAwait(false);
    }

    private static bool IsLease(string id) => id.Length == 16 && id.All(char.IsAsciiHexDigitLower);

    [LoggerMessage(530, LogLevel.Warning, "The node renewed its lease in Redis too late: what it keeps there is written again")]
    private partial void LogEnded();

    [LoggerMessage(531, LogLevel.Information, "The lease {Lease} of another node has expired: what it left in Redis was removed")]
    private partial void LogSwept(string lease);
}

using System.Globalization;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Redis.Servers;
using Tidings.Security.Identities;

namespace Tidings.Redis.Cluster;

/// <summary>What was revoked, on every server, so that one that is away loses nothing; a node that was away hears of it before it hears anything else.</summary>
internal sealed partial class RevocationLog : IRevocationLog
{
    private const int MostAtOnce = 500;

    // Longer than any token should live.
    private static readonly TimeSpan KeyLife = TimeSpan.FromDays(400);

    private readonly RedisShard[] _shards;
    private readonly ClusterSeal _seal;
    private readonly RedisMetrics _metrics;
    private readonly ILogger _log;

    // Whether a server may lack what this node knows.
    private volatile bool _isBehind;

    public RevocationLog(RedisShard[] shards, ClusterSeal seal, RedisMetrics metrics, ILogger log)
    {
        _shards = shards;
        _seal = seal;
        _metrics = metrics;
        _log = log;
        foreach (var shard in shards)
        {
            shard.Hear(shard.Place.Keys.Revocations, published => Take(shard, published));
            shard.OnConnected.Insert(0, CatchUpAsync);
            shard.OnTick.Add(LookAsync);
        }
    }

    /// <summary>Whose connections end; null where the node has none.</summary>
    public ConnectionRegistry? Connections { get; set; }

    public async Task ShareAsync(Revocation revocation)
    {
        var told = await Task.WhenAll(_shards.Select(shard => TryTellAsync(shard, revocation))).ConfigureAwait(false);
        if (!told.Contains(true))
        {
            throw new BrokerUnavailableException("Redis is away: this node alone knows of the revocation, and tells the others when it is back.");
        }
    }

    private async Task<bool> TryTellAsync(RedisShard shard, Revocation revocation)
    {
        try
        {
            var link = await shard.GetLinkAsync().ConfigureAwait(false);
            await TellAsync(link, [revocation]).ConfigureAwait(false);
            return true;
        }
        catch (BrokerUnavailableException)
        {
            // It is put in when the server is back, or takes writes again.
            _isBehind = true;
            return false;
        }
    }

    private Task TellAsync(RedisLink link, IReadOnlyList<Revocation> revocations) => link.Connection.EvaluateAsync(
        RedisScript.Revoke,
        [link.Keys.Revoked],
        [
            2 * Revocations.Most, ((long)KeyLife.TotalMilliseconds).ToString(CultureInfo.InvariantCulture), link.Keys.Revocations, _seal.Seal(link.Keys.Revocations, RevocationText.Encode(revocations)),
            .. revocations.SelectMany(revocation => (RedisValue[])[revocation.At, Member(link, revocation)]),
        ]);

    private RedisValue Member(RedisLink link, Revocation revocation) => _seal.Mark(link.Keys.Revoked, RevocationText.Timed(revocation)) is null
        ? RevocationText.Member(revocation)
        : _seal.Seal(link.Keys.Revoked, RevocationText.Timed(revocation));

    // Heard first, then read: what is revoked between the two is in both.
    private async Task CatchUpAsync(RedisLink link)
    {
        if (Connections is not { } connections)
        {
            return;
        }

        var lacking = connections.Revocations.All.ToHashSet();
        var news = false;
        var cursor = "0";
        do
        {
            var answer = (RedisAnswer[])await link.Connection.ExecuteAsync("ZSCAN", link.Keys.Revoked, cursor, "COUNT", "1000").ConfigureAwait(false);
            var items = (RedisAnswer[])answer[1];
            for (var i = 0; i + 1 < items.Length; i += 2)
            {
                if (_seal.TryOpen(link.Keys.Revoked, (byte[])items[i], out var member) && RevocationText.Read(member.Span, (string)items[i + 1]) is { } revocation)
                {
                    lacking.Remove(revocation);
                    news |= connections.Revocations.Add(revocation);
                }
                else
                {
                    _metrics.Dropped("revocations");
                }
            }

            cursor = (string)answer[0];
        }
        while (cursor != "0");

        if (news)
        {
            await EndAsync(connections).ConfigureAwait(false);
        }

        _isBehind = true;
        foreach (var some in lacking.Chunk(MostAtOnce))
        {
            await TellAsync(link, some).ConfigureAwait(false);
        }

        _isBehind = false;
    }

    // A server may forget everything on a connection that goes on.
    private async Task LookAsync(RedisLink link)
    {
        if (Connections is { Revocations.IsEmpty: false } && (_isBehind || (long)await link.Connection.ExecuteAsync("EXISTS", link.Keys.Revoked).ConfigureAwait(false) == 0))
        {
            await CatchUpAsync(link).ConfigureAwait(false);
        }
    }

    private void Take(RedisShard shard, byte[] published)
    {
        if (!_seal.TryOpen(shard.Place.Keys.Revocations, published, out var content) || RevocationText.Decode(content) is not { } revocations)
        {
            if (_metrics.Dropped("revocations"))
            {
                LogDropped(published.Length);
            }
            return;
        }

        if (Connections is not { } connections)
        {
            return;
        }

        var news = false;
        foreach (var revocation in revocations)
        {
            news |= connections.Revocations.Add(revocation);
        }

        if (news)
        {
            _ = EndAsync(connections);
        }
    }

    private static Task EndAsync(ConnectionRegistry connections) => Task.WhenAll(
        new[] { DisconnectCode.DisconnectedByServer, DisconnectCode.Unavailable }.Select(
            code => connections.EndAsync(identity => connections.Revocations.EndOf(identity) == code, code, drop: true)));

    [LoggerMessage(540, LogLevel.Warning, "Dropped {Bytes} bytes that Redis published among revocations: not a revocation")]
    private partial void LogDropped(int bytes);
}

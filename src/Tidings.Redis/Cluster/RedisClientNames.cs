using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Clients;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Cluster;

/// <summary>Clients' names over nodes: taken in one step, given back with the node's lease at the latest.</summary>
/// <remarks>In pub/sub: <c>left node 0</c> or <c>replaced node claim</c>, a line break, the name, and where there is a cluster key another line with its seal. While Redis is away, the node's own names are all it
/// knows of; they are taken anew when it is back, and who had a name longer gives way where another node has taken it.</remarks>
internal sealed partial class RedisClientNames : IClientNames
{
    private const string Kind = "clients";
    private const int AtOnce = 256;
    private const int LongestMessage = 1024;
    private const int MostPostponed = 10_000;

    // What client-claim.lua answers in the place of a claim.
    private const long Kept = 0;
    private const long Taken = -1;

    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(1);
    private static readonly string KeyLifeText = ((long)KeyLife.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    private readonly RedisShard[] _shards;
    private readonly string _node;
    private readonly ClusterSeal _seal;
    private readonly TimeProvider _time;
    private readonly RedisMetrics _metrics;
    private readonly ILogger _log;
    private readonly bool[] _behind;
    private readonly long[] _keptAt;

    // Names that could not be given back, and by which claim they were had.
    private readonly ConcurrentQueue<(string Client, long Claim)>[] _postponed;
    private IReadOnlyList<NodeLease> _leases = [];

    public RedisClientNames(RedisShard[] shards, string node, ClusterSeal seal, TimeProvider time, RedisMetrics metrics, ILogger log)
    {
        _shards = shards;
        _node = node;
        _seal = seal;
        _time = time;
        _metrics = metrics;
        _log = log;
        _behind = new bool[shards.Length];
        _keptAt = new long[shards.Length];
        _postponed = [.. shards.Select(static _ => new ConcurrentQueue<(string, long)>())];
        foreach (var shard in shards)
        {
            shard.Hear(shard.Place.Keys.Clients, published => Take(shard, published));
        }
    }

    /// <summary>The clients of this node; null where it has none.</summary>
    public ClientRegistry? Clients { get; set; }

    public ILeased On(int shard) => new Share(this, shard);

    public void Hold(IReadOnlyList<NodeLease> leases) => _leases = leases;

    public async Task<NameClaim> ClaimAsync(string client, int right, DuplicateClients duplicates)
    {
        var shard = RedisSpread.IndexOf(client, _shards.Length);
        if (_shards[shard].Link is not { } link)
        {
            return default;
        }

        try
        {
            return await ClaimAsync(link, _leases[shard].Id, ended: "", client, right, duplicates, again: false).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            _behind[shard] = true;
            return default;
        }
    }

    public bool TryRelease(string client, long claim)
    {
        var shard = RedisSpread.IndexOf(client, _shards.Length);
        if (_shards[shard].Link is not { } link)
        {
            Postpone(shard, client, claim);
            return false;
        }

        _ = ReleaseAsync(link, shard, client, claim);
        return true;
    }

    // Given back when Redis can be reached: otherwise the name would be this node's for as long as the node runs.
    private void Postpone(int shard, string client, long claim)
    {
        if (_postponed[shard].Count < MostPostponed)
        {
            _postponed[shard].Enqueue((client, claim));
            _behind[shard] = true;
        }
    }

    private async Task ReleaseAsync(RedisLink link, int shard, string client, long claim)
    {
        try
        {
            await ReleaseAsync(link, _leases[shard].Id, client, claim.ToString(CultureInfo.InvariantCulture), "left").ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            // Those of this node are told now, the others when Redis is back.
            Postpone(shard, client, claim);
            Clients?.TellLeft(client);
        }
    }

    private Task ReleaseAsync(RedisLink link, string lease, string client, string claim, string word) => link.Connection.EvaluateAsync(
        RedisScript.ClientRelease, [link.Keys.Client(client), link.Keys.Leases, link.Keys.Leased(lease, Kind)], [lease, claim, client, link.Keys.Clients, $"{word} {_node} 0", SealLine(link, word, client)]);

    private async Task<NameClaim> ClaimAsync(RedisLink link, string lease, string ended, string client, int right, DuplicateClients duplicates, bool again)
    {
        var claim = (long)await link.Connection.EvaluateAsync(
            RedisScript.ClientClaim,
            [link.Keys.Client(client), link.Keys.Leases, link.Keys.Leased(lease, Kind)],
            [
                lease, ended, client, duplicates.ToString(), again ? "1" : "0", KeyLifeText, link.Keys.Clients, _node, SealLine(link, "replaced", client),
                right.ToString(CultureInfo.InvariantCulture),
            ]).ConfigureAwait(false);
        return claim switch
        {
            Kept => new NameClaim(0, DisconnectCode.TooManyConnections),
            Taken => new NameClaim(0, DisconnectCode.NameTaken),
            _ => new NameClaim(claim),
        };
    }

    private void Take(RedisShard shard, byte[] published)
    {
        if (!TryRead(published, out var word, out var node, out var claim, out var client, out var mark) || !_seal.Holds(shard.Place.Keys.Clients, Sealed(word, node, client), mark))
        {
            if (_metrics.Dropped(Kind))
            {
                LogDropped(published.Length);
            }
            return;
        }

        switch (word)
        {
            case "left":
            case "swept" when node != _node:
                Clients?.TellLeft(client);
                break;
            case "replaced" when node != _node:
                Clients?.GiveUp(client, claim, DisconnectCode.Replaced);
                break;
        }
    }

    // The script alone knows the claim, and no script knows a key: the seal is of the rest.
    private string SealLine(RedisLink link, string word, string client) => _seal.Mark(link.Keys.Clients, Sealed(word, _node, client)) is { } mark ? "\n" + mark : "";

    private static byte[] Sealed(string word, string node, string client) => Encoding.UTF8.GetBytes($"{word} {node}\n{client}");

    private static bool TryRead(byte[] published, out string word, out string node, out long claim, out string client, out byte[] mark)
    {
        word = node = client = "";
        mark = [];
        claim = 0;
        if (published.Length > LongestMessage || !System.Text.Unicode.Utf8.IsValid(published))
        {
            return false;
        }

        var lines = Encoding.UTF8.GetString(published).Split('\n');
        var words = lines[0].Split(' ');
        if (lines.Length is not (2 or 3) || (lines.Length == 3 && !ClusterSeal.IsMark(lines[2])) || words.Length != 3 || words[0] is not ("left" or "swept" or "replaced")
            || !long.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out claim) || !ChannelName.IsValidRoom(lines[1]))
        {
            return false;
        }

        (word, node, client) = (words[0], words[1], lines[1]);
        mark = lines.Length == 3 ? Encoding.UTF8.GetBytes(lines[2]) : [];
        return true;
    }

    [LoggerMessage(550, LogLevel.Warning, "Dropped {Bytes} bytes that Redis published about clients: not a message of a node")]
    private partial void LogDropped(int bytes);

    private sealed class Share(RedisClientNames names, int shard) : ILeased
    {
        // The node's own lease that ended last: its clients know already who has left since.
        private string _own = "";

        public async Task PutAsync(RedisLink link, string lease, string ended)
        {
            _own = ended;
            names._behind[shard] = false;
            names._keptAt[shard] = names._time.GetTimestamp();
            if (names.Clients is not { } clients)
            {
                return;
            }

            foreach (var some in clients.All.Where(client => RedisSpread.IndexOf(client, names._shards.Length) == shard).Chunk(AtOnce))
            {
                await Task.WhenAll(some.Select(client => ReclaimAsync(link, lease, ended, clients, client))).ConfigureAwait(false);
            }

            await GiveBackAsync(link, lease).ConfigureAwait(false);
        }

        // After the names that are had are claimed anew: a claim that was made since is not given back with the one before.
        private async Task GiveBackAsync(RedisLink link, string lease)
        {
            while (names._postponed[shard].TryPeek(out var name))
            {
                await names.ReleaseAsync(link, lease, name.Client, name.Claim.ToString(CultureInfo.InvariantCulture), "swept").ConfigureAwait(false);
                names._postponed[shard].TryDequeue(out _);
            }
        }

        public async Task KeepAsync(RedisLink link, string lease)
        {
            if (names._behind[shard])
            {
                await PutAsync(link, lease, ended: "").ConfigureAwait(false);
            }
            else if (names.Clients is { } clients && names._time.GetElapsedTime(names._keptAt[shard]) > KeyLife / 4)
            {
                names._keptAt[shard] = names._time.GetTimestamp();
                foreach (var some in clients.All.Where(client => RedisSpread.IndexOf(client, names._shards.Length) == shard).Chunk(AtOnce))
                {
                    await Task.WhenAll(some.Select(client => link.Connection.ExecuteAsync("PEXPIRE", link.Keys.Client(client), KeyLifeText))).ConfigureAwait(false);
                }

                await link.Connection.ExecuteAsync("PEXPIRE", link.Keys.Leased(lease, Kind), KeyLifeText).ConfigureAwait(false);
            }
        }

        public async Task SweepAsync(RedisLink link, string ended)
        {
            var word = ended == _own ? "swept" : "left";
            await foreach (var name in link.Connection.ScanAsync("SSCAN", link.Keys.Leased(ended, Kind)).ConfigureAwait(false))
            {
                if (Encoding.UTF8.GetString(name) is var client && ChannelName.IsValidRoom(client))
                {
                    await names.ReleaseAsync(link, ended, client, claim: "", word).ConfigureAwait(false);
                }
                else
                {
                    names._metrics.Dropped(Kind);
                }
            }

            await link.Connection.ExecuteAsync("UNLINK", link.Keys.Leased(ended, Kind)).ConfigureAwait(false);
        }

        private async Task ReclaimAsync(RedisLink link, string lease, string ended, ClientRegistry clients, string client)
        {
            if (clients.RightOf(client) is not { } right)
            {
                return;
            }

            var (claim, refusal) = await names.ClaimAsync(link, lease, ended, client, right, clients.Duplicates, again: true).ConfigureAwait(false);
            if (refusal is { } code)
            {
                // The present holder is newer, or has the better right: to those who lose the name, it is the same.
                clients.GiveUp(client, long.MaxValue, clients.Duplicates == DuplicateClients.Refuse && code == DisconnectCode.TooManyConnections ? code : DisconnectCode.Replaced);
                return;
            }

            clients.Renew(client, claim);
            if (!clients.Contains(client))
            {
                // It went in between, and what was given back was the claim before.
                await names.ReleaseAsync(link, lease, client, claim: "", "left").ConfigureAwait(false);
            }
        }
    }
}

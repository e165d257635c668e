using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TestKit;

/// <summary>A Redis Cluster of its own for a test: three masters with equal shares of the slots, and a replica for each where that is wanted. Each server can be killed, and is found by its place.</summary>
public sealed class ClusterOfRedis : IAsyncDisposable
{
    private const int Masters = 3;
    private const int Slots = 16384;

    private readonly List<RedisServer> _servers = [];

    private ClusterOfRedis()
    {
    }

    /// <summary>All servers: first the masters of the beginning, then their replicas in the same order.</summary>
    public IReadOnlyList<RedisServer> Servers => _servers;

    /// <summary>What clients connect to: two of the servers, which name the others.</summary>
    public string Address => $"{_servers[0].Address},{_servers[1].Address}";

    /// <summary>Starts a Cluster and waits until all of it is well.</summary>
    /// <param name="replicas">Whether each master has a replica.</param>
    /// <param name="persistence">What each server keeps over a kill.</param>
    public static async Task<ClusterOfRedis> StartAsync(bool replicas = false, RedisPersistence persistence = RedisPersistence.None)
    {
        var cluster = new ClusterOfRedis();
        for (var i = 0; i < (replicas ? 2 : 1) * Masters; i++)
        {
            cluster._servers.Add(await RedisServer.StartAsync(
                persistence, "--cluster-enabled", "yes", "--cluster-port", $"{FreePort()}", "--cluster-node-timeout", "1500", "--repl-diskless-sync-delay", "0"));
        }

        for (var i = 0; i < Masters; i++)
        {
            await ExpectAsync(cluster._servers[i], "CLUSTER", "ADDSLOTSRANGE", $"{FirstSlot(i)}", $"{FirstSlot(i + 1) - 1}");
            await ExpectAsync(cluster._servers[i], "CLUSTER", "SET-CONFIG-EPOCH", $"{i + 1}");
        }

        foreach (var server in cluster._servers.Skip(1))
        {
            await ExpectAsync(server, "CLUSTER", "MEET", "127.0.0.1", $"{cluster._servers[0].Port}", await BusPortAsync(cluster._servers[0]));
        }

        await cluster.IsWellAsync(cluster._servers.Count);
        for (var i = Masters; i < cluster._servers.Count; i++)
        {
            await ExpectAsync(cluster._servers[i], "CLUSTER", "REPLICATE", await cluster._servers[i - Masters].AskAsync("CLUSTER", "MYID"));
        }

        foreach (var replica in cluster._servers.Skip(Masters))
        {
            await Eventually.TrueAsync(async () => (await replica.AskAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal), static () => "the replica follows", TimeSpan.FromSeconds(30));
        }

        return cluster;
    }

    /// <summary>The master that has a slot, as the given server sees it.</summary>
    public async Task<RedisServer> LeaderOfAsync(int slot, RedisServer? seenBy = null)
    {
        // Lines as "id ip:port@bus,host flags master ping pong epoch state slots…".
        var nodes = await (seenBy ?? _servers[0]).AskAsync("CLUSTER", "NODES");
        foreach (var words in nodes.Split('\n').Select(static line => line.Trim().Split(' ')).Where(static words => words.Length > 8 && words[2].Contains("master", StringComparison.Ordinal)))
        {
            if (words.Skip(8).Select(static range => range.Split('-')).Any(range => range[0][0] != '[' && int.Parse(range[0], CultureInfo.InvariantCulture) <= slot && slot <= int.Parse(range[^1], CultureInfo.InvariantCulture)))
            {
                var port = int.Parse(words[1].Split('@')[0].Split(':')[1], CultureInfo.InvariantCulture);
                return _servers.Single(server => server.Port == port);
            }
        }

        throw new InvalidOperationException($"Nobody has slot {slot}.");
    }

    /// <summary>Moves a slot with all its keys, as <c>redis-cli --cluster reshard</c> does.</summary>
    public async Task MoveAsync(int slot, RedisServer from, RedisServer to)
    {
        var (source, target) = (await from.AskAsync("CLUSTER", "MYID"), await to.AskAsync("CLUSTER", "MYID"));
        await ExpectAsync(to, "CLUSTER", "SETSLOT", $"{slot}", "IMPORTING", source);
        await ExpectAsync(from, "CLUSTER", "SETSLOT", $"{slot}", "MIGRATING", target);
        while (true)
        {
            var keys = (await from.SendAsync("CLUSTER", "GETKEYSINSLOT", $"{slot}", "10")).Split("\r\n").Where((_, i) => i > 0 && i % 2 == 0).ToArray();
            if (keys.Length == 0)
            {
                break;
            }

            await ExpectAsync(from, ["MIGRATE", "127.0.0.1", $"{to.Port}", "", "0", "5000", "KEYS", .. keys]);
        }

        foreach (var master in new[] { to, from })
        {
            await ExpectAsync(master, "CLUSTER", "SETSLOT", $"{slot}", "NODE", target);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    private static int FirstSlot(int master) => Slots / Masters * master + (master == Masters ? Slots % Masters : 0);

    private Task IsWellAsync(int known) => Eventually.TrueAsync(
        async () =>
        {
            var states = await Task.WhenAll(_servers.Select(static server => server.AskAsync("CLUSTER", "INFO")));
            return states.All(state => state.Contains("cluster_state:ok", StringComparison.Ordinal) && state.Contains($"cluster_known_nodes:{known}", StringComparison.Ordinal));
        },
        static () => "the Cluster is well",
        TimeSpan.FromSeconds(60));

    private static async Task<string> BusPortAsync(RedisServer server) => (await server.AskAsync("CLUSTER", "MYID")) is var id
        ? (await server.AskAsync("CLUSTER", "NODES")).Split('\n').Single(line => line.StartsWith(id, StringComparison.Ordinal)).Split(' ')[1].Split('@')[1].Split(',')[0]
        : "";

    private static async Task ExpectAsync(RedisServer server, params string[] words)
    {
        var answer = await server.SendAsync(words);
        if (answer is not ("+OK" or "+NOKEY"))
        {
            throw new InvalidOperationException($"{words[0]} {words[1]}: {answer}");
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}

using Tidings.Options;
using Tidings.Redis.Servers;

namespace Tidings.Redis;

/// <summary>How a node reaches what it shares with the others on Redis.</summary>
public sealed class RedisOptions
{
    private const int MostClusterKeys = 8;
    private const int MostReplicas = 10;
    private const int ShortestClusterKey = 32;

    /// <summary>The servers: <c>host:port,password=…,ssl=true</c>, as StackExchange.Redis reads it; or sentinels, <c>host:port,host:port,serviceName=mymaster</c>; or at least two servers of a Cluster,
    /// <c>host:port,host:port,…</c>, which name the others; several that know nothing of each other,
    /// among whom the channels are shared out, separated by <c>;</c>. All nodes must name the same ones in the same order.</summary>
    public string Configuration { get; set; } = "127.0.0.1:6379";

    /// <summary>What every key and channel in Redis begins with: applications that share a server have each its own. 1 to 64 characters of
    /// letters, digits, <c>_ . : -</c>; by default <c>tidings:</c>.</summary>
    public string Prefix { get; set; } = "tidings:";

    /// <summary>How long a publish waits while Redis is away, before it fails; by default not at all. At most 30 s.</summary>
    public TimeSpan PublishWait { get; set; }

    /// <summary>How many replicas must have a durable publish before it is accepted, at most 10; where they do not within a second it is refused (<c>not_durable</c>).
    /// Where this is over 0 logs outlive a failover: what the promoted server has of them goes on, under new epochs. By default 0: a failover ends all logs. All nodes must have the same number.</summary>
    public int Replicas { get; set; }

    /// <summary>Whether what others say with plain <c>PUBLISH room:lobby …</c> is handed to the channel of that name. It is said in passing: it has
    /// no offset, is not kept and not recovered. Off by default: whoever may publish in Redis speaks in every channel.</summary>
    public bool Bridge { get; set; }

    /// <summary>Secrets that all nodes share and Redis does not know, each of at least 32 characters: tickets, revocations, clients' names and nodes' requests in Redis are sealed
    /// with the first and opened with any, so that nobody else who may write in Redis can forge them. Messages of channels are not sealed. At most 8. Default empty: nothing is sealed.</summary>
    public IList<string> ClusterKey { get; } = [];

    /// <summary>Whether what has no seal is dropped. Default true; false while nodes get their first key, one after the other. Without a key it counts for nothing.</summary>
    public bool ClusterKeyRequired { get; set; } = true;

    /// <summary>What is wrong with the options, in words that name key, value and what would be right; empty where nothing is.</summary>
    internal IEnumerable<string> Faults()
    {
        foreach (var (index, server) in Servers.Index())
        {
            if (!RedisServerAddress.IsValid(server))
            {
                // Not the address: it may bear a password, in any form.
                yield return $"Tidings:Redis: server {index + 1} is no address; it must be host:port, with options behind commas as password=…, several servers separated by a semicolon; several hosts behind commas are sentinels, where there is serviceName=…, or servers of a Cluster.";
            }
            else if (Servers.Count > 1 && RedisServerAddress.IsCluster(server))
            {
                yield return $"Tidings:Redis: server {index + 1} is a Cluster, and stands beside others; a Cluster must be the only one.";
            }
        }

        if (Servers.Count == 0)
        {
            yield return "Tidings:Redis is empty; it must be host:port, several separated by a semicolon.";
        }

        if (Prefix.Length is 0 or > 64 || !Prefix.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or ':' or '-'))
        {
            yield return $"Tidings:RedisPrefix is \"{OptionFault.Shown(Prefix)}\"; it must be 1 to 64 characters of letters, digits and _ . : -.";
        }

        if (ClusterKey.Count > MostClusterKeys)
        {
            yield return $"Tidings:ClusterKey has {ClusterKey.Count} keys; at most {MostClusterKeys} are taken.";
        }

        foreach (var (index, key) in ClusterKey.Index())
        {
            // Not the value, however wrong it is.
            if (key is not { Length: >= ShortestClusterKey })
            {
                yield return $"Tidings:ClusterKey:{index} is too short; it must have at least {ShortestClusterKey} characters.";
            }
        }

        if (Replicas is < 0 or > MostReplicas)
        {
            yield return $"Tidings:RedisReplicas is {Replicas}; it must be between 0 and {MostReplicas}.";
        }

        if (PublishWait < TimeSpan.Zero || PublishWait > TimeSpan.FromSeconds(30))
        {
            yield return $"Tidings:RedisPublishWait is {PublishWait}; it must be between 0 and 30s.";
        }
    }

    internal IReadOnlyList<RedisPlace> Places() => RedisPlace.All(Servers, Prefix, Replicas);

    internal IReadOnlyList<string> Servers => Configuration.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

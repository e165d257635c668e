using System.Text;

namespace Tidings.Redis.Servers;

/// <summary>How names of channels, users, tasks and the like are spread over servers, or over the parts of a Cluster: the same on all nodes.</summary>
internal static class RedisSpread
{
    // Another rule has another name here. Nodes of different rules do not run side by side (lease.lua).
    private const string Rule = "jump";

    private const ulong Multiplier = 2862933555777941757;

    /// <summary>What nodes that share the server must have in common.</summary>
    /// <param name="index">Which of the servers it is.</param>
    /// <param name="servers">How many there are.</param>
    /// <param name="replicas">How many replicas must have what is durable. Nodes that wait for none would have logs end that others carry over a failover.</param>
    public static string Describe(int index, int servers, int replicas) => $"{Rule} {index + 1} of {servers}{(replicas > 0 ? $", replicas {replicas}" : "")}";

    /// <summary>Which of <paramref name="servers"/> has the name. Where one more is added behind the others it takes its share of the names, and all others stay where they are.</summary>
    /// <remarks>Jump consistent hashing (Lamping and Veach, 2014) of FNV-1a over the name's UTF-8.</remarks>
    public static int IndexOf(string name, int servers)
    {
        if (servers == 1)
        {
            return 0;
        }

        var key = 14695981039346656037;
        foreach (var b in Encoding.UTF8.GetBytes(name))
        {
            key = (key ^ b) * 1099511628211;
        }

        long index = -1;
        for (long next = 0; next < servers;)
        {
            index = next;
            key = (key * Multiplier) + 1;
            next = (long)((index + 1) * ((double)(1L << 31) / ((key >> 33) + 1)));
        }

        return (int)index;
    }
}

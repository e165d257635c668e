using Npgsql;

namespace Tidings.PostgreSql;

/// <summary>How a node reaches what it shares with the others on PostgreSQL.</summary>
public sealed class PostgreSqlOptions
{
    private const int MostClusterKeys = 8;
    private const int ShortestClusterKey = 32;

    /// <summary>Npgsql's connection string, as <c>Host=127.0.0.1;Database=shop;Username=tidings</c>; several hosts behind commas are one primary and its replicas, of which the primary is
    /// used. A node opens at most 5 connections; a pooler between must pool whole sessions.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>How long a publish waits while PostgreSQL is away, before it fails; by default not at all. At most 30 s.</summary>
    public TimeSpan PublishWait { get; set; }

    /// <summary>Secrets that all nodes share and PostgreSQL does not know, each of at least 32 characters: tickets, revocations, clients' names and nodes' requests are sealed
    /// with the first and opened with any, so that nobody else who may write in the tables can forge them. Messages of channels are not sealed. At most 8. Default empty: nothing is sealed.</summary>
    public IList<string> ClusterKey { get; } = [];

    /// <summary>Whether what has no seal is dropped. Default true; false while nodes get their first key, one after the other. Without a key it counts for nothing.</summary>
    public bool ClusterKeyRequired { get; set; } = true;

    /// <summary>What is wrong with the options, in words that name key, value and what would be right; empty where nothing is.</summary>
    internal IEnumerable<string> Faults()
    {
        if (!IsConnectionString(ConnectionString))
        {
            // Not the value: it may bear a password.
            yield return "Tidings:PostgreSql is no connection string of Npgsql with a host; it must be as Host=127.0.0.1;Database=tidings;Username=tidings.";
        }

        if (PublishWait < TimeSpan.Zero || PublishWait > TimeSpan.FromSeconds(30))
        {
            yield return $"Tidings:PostgreSqlPublishWait is {PublishWait}; it must be between 0 and 30s.";
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
    }

    private static bool IsConnectionString(string text)
    {
        try
        {
            return !string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(text).Host);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

namespace Tidings.Redis.Servers;

/// <summary>A connection that is good, and what was known of the server at its other end when it was last looked at: each look makes a new one.</summary>
/// <param name="connection">The connection.</param>
/// <param name="replicationId">What tells this life of the server from its others.</param>
/// <param name="generation">What all logs belong to. A new one begins where they may have shrunk.</param>
/// <param name="durable">Whether every write is on disk before its answer.</param>
internal sealed class RedisLink(RedisConnection connection, string replicationId, string generation, bool durable)
{
    public RedisConnection Connection => connection;

    /// <summary>What things are called there.</summary>
    public RedisKeys Keys => connection.Keys;

    public string ReplicationId => replicationId;

    public string Generation => generation;

    public bool Durable => durable;
}

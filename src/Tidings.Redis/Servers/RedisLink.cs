namespace Tidings.Redis.Servers;

/// <summary>A connection that is good, and what is known of the server at its other end.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="ReplicationId">What tells this life of the server from its others.</param>
/// <param name="Generation">What all logs belong to. A new one begins where they may have shrunk.</param>
/// <param name="Durable">Whether every write is on disk before its answer.</param>
internal sealed record RedisLink(RedisConnection Connection, string ReplicationId, string Generation, bool Durable);

using TestKit;

namespace Tidings.Faults.World;

/// <summary>A second server, which follows the one of the run over a link that can be cut.</summary>
internal sealed class ReplicaOfRedis : IAsyncDisposable
{
    private readonly FaultProxy _replication;

    private ReplicaOfRedis(RedisServer server, RedisServer master)
    {
        Server = server;
        _replication = new FaultProxy(master.Port);
    }

    public RedisServer Server { get; }

    public static async Task<ReplicaOfRedis> StartAsync(FaultWorld world)
    {
        await world.Redis!.SendAsync("CONFIG", "SET", "repl-diskless-sync-delay", "0");
        var replica = new ReplicaOfRedis(await RedisServer.StartAsync(RedisPersistence.Always), world.Redis);
        await replica.FollowAsync();
        return replica;
    }

    /// <summary>Follows the master, and has caught up and written its file when it completes.</summary>
    public async Task FollowAsync()
    {
        await Server.SendAsync("REPLICAOF", "127.0.0.1", $"{_replication.Port}");
        await Eventually.TrueAsync(async () => (await Server.AskAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal), static () => "the replica follows", TimeSpan.FromSeconds(30));
        await Eventually.TrueAsync(async () => (await Server.AskAsync("INFO", "persistence")).Contains("aof_rewrite_in_progress:0", StringComparison.Ordinal), static () => "the replica has written its file", TimeSpan.FromSeconds(30));
    }

    /// <summary>From here on it hears nothing of the master.</summary>
    public async Task CutOffAsync()
    {
        await _replication.StopListeningAsync();
        _replication.CutAll();
    }

    public void Reconnect() => _replication.Listen();

    public async ValueTask DisposeAsync()
    {
        await _replication.DisposeAsync();
        await Server.DisposeAsync();
    }
}

using Tidings.Feeds;
using Tidings.Messages;
using Tidings.Redis.Cluster;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Presence;

/// <summary>Has those who watch told what they missed while one of the servers was away.</summary>
/// <param name="watched">Who watches.</param>
/// <param name="shard">Which server.</param>
/// <param name="shards">How many there are.</param>
/// <param name="time">Time.</param>
internal sealed class LeasedWatching(WatchedPresence watched, int shard, int shards, TimeProvider time) : ILeased
{
    private long? _since;

    public Task PutAsync(RedisLink link, string lease, string ended)
    {
        _since = time.GetTimestamp();
        return Task.CompletedTask;
    }

    public async Task KeepAsync(RedisLink link, string lease)
    {
        watched.Sweep();
        if (_since is { } since && time.GetElapsedTime(since) >= WatchedPresence.Settling)
        {
            _since = null;
            await watched.ReviewAsync(channel => RedisSpread.IndexOf(PresenceChannel.Of(channel), shards) == shard).ConfigureAwait(false);
        }
    }

    public Task SweepAsync(RedisLink link, string ended) => Task.CompletedTask;
}

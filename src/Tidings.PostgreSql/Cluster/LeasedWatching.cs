using Tidings.Feeds;
using Tidings.PostgreSql.Databases;

namespace Tidings.PostgreSql.Cluster;

/// <summary>Has those who watch told what they missed while PostgreSQL was away.</summary>
internal sealed class LeasedWatching(WatchedPresence watched, TimeProvider time) : ILeased
{
    private long? _since;

    public Task PutAsync(PostgreSqlLink link, string lease, string ended)
    {
        _since = time.GetTimestamp();
        return Task.CompletedTask;
    }

    public async Task KeepAsync(PostgreSqlLink link, string lease)
    {
        watched.Sweep();
        if (_since is { } since && time.GetElapsedTime(since) >= WatchedPresence.Settling)
        {
            _since = null;
            await watched.ReviewAsync(static _ => true).ConfigureAwait(false);
        }
    }
}

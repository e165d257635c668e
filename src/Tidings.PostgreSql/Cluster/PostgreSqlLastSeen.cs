using Tidings.Brokers;
using Tidings.PostgreSql.Databases;
using Tidings.Presence;

namespace Tidings.PostgreSql.Cluster;

/// <summary>When users were last connected to any node. Safe from any thread.</summary>
/// <remarks>What is noted is written every few seconds, all at once: a crowd that comes or goes costs one statement.</remarks>
internal sealed class PostgreSqlLastSeen(PostgreSqlServer server, PostgreSqlClock clock, TimeProvider time) : ILastSeen, ILeased
{
    private const int MostAtOnce = 1000;
    private static readonly TimeSpan WriteInterval = TimeSpan.FromSeconds(2);

    private readonly MemoryLastSeen _pending = new(time);
    private long _wroteAt;

    public void Note(string user) => _pending.Note(user);

    public async ValueTask<IReadOnlyDictionary<string, long>> ReadAsync(IReadOnlyList<string> users, CancellationToken cancellationToken = default)
    {
        var link = await server.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
        var seen = new Dictionary<string, long>(await _pending.ReadAsync(users, cancellationToken).ConfigureAwait(false), StringComparer.Ordinal);
        return await new Statement("SELECT who, at FROM tidings.seen WHERE who = ANY ($1) AND at >= $2", users.ToArray(), clock.Now - Life).RunAsync(
            link.Database,
            async rows =>
            {
                while (await rows.ReadAsync().ConfigureAwait(false))
                {
                    seen[rows.GetString(0)] = Math.Max(seen.GetValueOrDefault(rows.GetString(0)), rows.GetInt64(1));
                }

                return seen;
            },
            cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<bool> EraseAsync(string user)
    {
        var link = await server.GetLinkAsync().ConfigureAwait(false);
        var pending = await _pending.EraseAsync(user).ConfigureAwait(false);
        return await new Statement("DELETE FROM tidings.seen WHERE who = $1 RETURNING true", user).AskAsync(link.Database).ConfigureAwait(false) is true || pending;
    }

    public Task PutAsync(PostgreSqlLink link, string lease, string ended) => WriteAsync(link);

    public Task KeepAsync(PostgreSqlLink link, string lease) => time.GetElapsedTime(_wroteAt) < WriteInterval ? Task.CompletedTask : WriteAsync(link);

    /// <summary>Writes what was noted.</summary>
    public async Task WriteAsync(PostgreSqlLink link)
    {
        _wroteAt = time.GetTimestamp();
        var noted = _pending.TakeAll();
        if (noted.Count == 0)
        {
            return;
        }

        try
        {
            foreach (var some in noted.Chunk(MostAtOnce))
            {
                await new Statement(
                    "INSERT INTO tidings.seen AS s (who, at) SELECT * FROM unnest($1, $2) u(who, at) ORDER BY u.who COLLATE \"C\" ON CONFLICT (who) DO UPDATE SET at = greatest(s.at, excluded.at)",
                    some.Select(static one => one.User).ToArray(),
                    some.Select(static one => one.At).ToArray()).AskAsync(link.Database).ConfigureAwait(false);
            }

            await new Statement(
                "DELETE FROM tidings.seen WHERE who IN (SELECT who FROM tidings.seen WHERE at < greatest($1, coalesce((SELECT at FROM tidings.seen ORDER BY at DESC OFFSET $2 LIMIT 1), 0)) FOR UPDATE SKIP LOCKED)",
                clock.Now - Life,
                ILastSeen.MostUsers).AskAsync(link.Database).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            // The times of this moment are a little late, and better than none.
            foreach (var (user, _) in noted.Reverse())
            {
                _pending.Note(user);
            }

            throw;
        }
    }

    private static long Life => (long)ILastSeen.Life.TotalMilliseconds;
}

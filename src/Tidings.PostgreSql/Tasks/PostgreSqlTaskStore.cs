using Npgsql;
using Tidings.PostgreSql.Databases;
using Tidings.Tasks;

namespace Tidings.PostgreSql.Tasks;

/// <summary>Tasks on PostgreSQL: each change is one statement, by PostgreSQL's clock. Safe from any thread.</summary>
internal sealed class PostgreSqlTaskStore(PostgreSqlServer server, PostgreSqlOptions options, PostgreSqlMetrics metrics) : ITaskStore
{
    public bool IsWatched => true;

    public async ValueTask<TaskAdded> TryAddAsync(TaskRecord record, TimeSpan due) =>
        await AskAsync(
            "INSERT INTO tidings.tasks (id, version, due, record) VALUES ($1, $2, tidings.now_1() + $3, $4) ON CONFLICT DO NOTHING RETURNING true",
            record.Id, record.Version, Milliseconds(due), TaskRecordJson.Write(record)).ConfigureAwait(false) is true ? TaskAdded.Yes : TaskAdded.Exists;

    public async ValueTask<TaskRecord?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        var found = await ListAsync("SELECT version, record FROM tidings.tasks WHERE id = $1", id, cancellationToken).ConfigureAwait(false);
        return found.Count > 0 ? found[0] : null;
    }

    public async ValueTask<bool> TryReplaceAsync(TaskRecord record, long version, TimeSpan due) =>
        await AskAsync(
            "UPDATE tidings.tasks SET version = $2, due = tidings.now_1() + $3, record = $4 WHERE id = $1 AND version = $5 RETURNING true",
            record.Id, record.Version, Milliseconds(due), TaskRecordJson.Write(record), version).ConfigureAwait(false) is true;

    public async ValueTask RemoveAsync(string id, long version) => await AskAsync("DELETE FROM tidings.tasks WHERE id = $1 AND version = $2", id, version).ConfigureAwait(false);

    public ValueTask<IReadOnlyList<TaskRecord>> ListDueAsync(int most, CancellationToken cancellationToken = default) =>
        ListAsync("SELECT version, record FROM tidings.tasks WHERE due <= (SELECT tidings.now_1()) ORDER BY due LIMIT $1", most, cancellationToken);

    public ValueTask<IReadOnlyList<TaskRecord>> ListAsync(int most, CancellationToken cancellationToken = default) =>
        ListAsync("SELECT version, record FROM tidings.tasks ORDER BY due LIMIT $1", most, cancellationToken);

    private static long Milliseconds(TimeSpan time) => Math.Max(1, (long)time.TotalMilliseconds);

    private async Task<object?> AskAsync(string text, params object?[] values)
    {
        var link = await server.GetLinkAsync(options.PublishWait).ConfigureAwait(false);
        return await new Statement(text, values).AskAsync(link.Database).ConfigureAwait(false);
    }

    private async ValueTask<IReadOnlyList<TaskRecord>> ListAsync(string text, object value, CancellationToken cancellationToken)
    {
        var link = await server.GetLinkAsync(options.PublishWait, cancellationToken).ConfigureAwait(false);
        return await new Statement(text, value).RunAsync(link.Database, ReadAsync, cancellationToken).ConfigureAwait(false);
    }

    // Whatever it is that somebody else has written there, it is no task.
    private async Task<IReadOnlyList<TaskRecord>> ReadAsync(NpgsqlDataReader rows)
    {
        List<TaskRecord> found = [];
        while (await rows.ReadAsync().ConfigureAwait(false))
        {
            if (TaskRecordJson.Read(rows.Bytes(1), rows.GetInt64(0)) is { } task)
            {
                found.Add(task);
            }
            else
            {
                metrics.Dropped("task");
            }
        }

        return found;
    }
}

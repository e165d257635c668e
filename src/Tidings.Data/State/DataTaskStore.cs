using Microsoft.Data.Sqlite;
using Tidings.Brokers;
using Tidings.Tasks;

namespace Tidings.Data.State;

/// <summary>Tasks in the state database. Safe from any thread.</summary>
internal sealed class DataTaskStore(StateDatabase database, IBrokerClock clock) : ITaskStore
{
    public ValueTask<TaskAdded> TryAddAsync(TaskRecord record, TimeSpan due) => new(database.RunAsync(connection => StateDatabase.Run(
        connection,
        "INSERT INTO tasks (id, version, due, record) VALUES ($id, $version, $due, $record) ON CONFLICT DO NOTHING",
        ("$id", record.Id), ("$version", record.Version), ("$due", DueAt(due)), ("$record", TaskRecordJson.Write(record))) == 1 ? TaskAdded.Yes : TaskAdded.Exists));

    public ValueTask<TaskRecord?> FindAsync(string id, CancellationToken cancellationToken = default) =>
        new(database.RunAsync(connection => List(StateDatabase.Command(connection, "SELECT version, record FROM tasks WHERE id = $id", ("$id", id))) is [var found, ..] ? found : null));

    public ValueTask<bool> TryReplaceAsync(TaskRecord record, long version, TimeSpan due) => new(database.RunAsync(connection => StateDatabase.Run(
        connection,
        "UPDATE tasks SET version = $next, due = $due, record = $record WHERE id = $id AND version = $version",
        ("$id", record.Id), ("$version", version), ("$next", record.Version), ("$due", DueAt(due)), ("$record", TaskRecordJson.Write(record))) == 1));

    public async ValueTask RemoveAsync(string id, long version) => await database.RunAsync(connection =>
        StateDatabase.Run(connection, "DELETE FROM tasks WHERE id = $id AND version = $version", ("$id", id), ("$version", version))).ConfigureAwait(false);

    public ValueTask<IReadOnlyList<TaskRecord>> ListDueAsync(int most, CancellationToken cancellationToken = default) => new(database.RunAsync(connection =>
        List(StateDatabase.Command(connection, "SELECT version, record FROM tasks WHERE due <= $now ORDER BY due LIMIT $most", ("$now", clock.Now), ("$most", most)))));

    public ValueTask<IReadOnlyList<TaskRecord>> ListAsync(int most, CancellationToken cancellationToken = default) => new(database.RunAsync(connection =>
        List(StateDatabase.Command(connection, "SELECT version, record FROM tasks ORDER BY due LIMIT $most", ("$most", most)))));

    private long DueAt(TimeSpan due) => clock.Now + (long)due.TotalMilliseconds;

    private static IReadOnlyList<TaskRecord> List(SqliteCommand command)
    {
        using (command)
        {
            using var rows = command.ExecuteReader();
            List<TaskRecord> found = [];
            while (rows.Read())
            {
                if (TaskRecordJson.Read(rows.GetFieldValue<byte[]>(1), rows.GetInt64(0)) is { } record)
                {
                    found.Add(record);
                }
            }

            return found;
        }
    }
}

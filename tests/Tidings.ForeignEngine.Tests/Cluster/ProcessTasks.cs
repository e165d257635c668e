using Tidings.Tasks;

namespace Tidings.ForeignEngine.Tests.Cluster;

/// <summary>Tasks, as bytes: a store knows nothing of their fields.</summary>
public sealed class ProcessTasks(ProcessCluster cluster) : ITaskStore
{
    private const int Most = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _tasks = new(StringComparer.Ordinal);

    public ValueTask<TaskAdded> TryAddAsync(TaskRecord record, TimeSpan due)
    {
        ArgumentNullException.ThrowIfNull(record);
        lock (_gate)
        {
            return ValueTask.FromResult(
                _tasks.Count >= Most ? TaskAdded.Full
                : _tasks.TryAdd(record.Id, EntryOf(record, due)) ? TaskAdded.Yes
                : TaskAdded.Exists);
        }
    }

    public ValueTask<TaskRecord?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_tasks.TryGetValue(id, out var entry) ? entry.Read() : null);
        }
    }

    public ValueTask<bool> TryReplaceAsync(TaskRecord record, long version, TimeSpan due)
    {
        ArgumentNullException.ThrowIfNull(record);
        lock (_gate)
        {
            var isThere = _tasks.TryGetValue(record.Id, out var entry) && entry.Version == version;
            if (isThere)
            {
                _tasks[record.Id] = EntryOf(record, due);
            }

            return ValueTask.FromResult(isThere);
        }
    }

    public ValueTask RemoveAsync(string id, long version)
    {
        lock (_gate)
        {
            if (_tasks.TryGetValue(id, out var entry) && entry.Version == version)
            {
                _tasks.Remove(id);
            }
        }

        return default;
    }

    public ValueTask<IReadOnlyList<TaskRecord>> ListDueAsync(int most, CancellationToken cancellationToken = default) => ValueTask.FromResult(List(most, cluster.Now));

    public ValueTask<IReadOnlyList<TaskRecord>> ListAsync(int most, CancellationToken cancellationToken = default) => ValueTask.FromResult(List(most, long.MaxValue));

    private IReadOnlyList<TaskRecord> List(int most, long until)
    {
        lock (_gate)
        {
            return [.. _tasks.Values.Where(entry => entry.DueAt <= until).OrderBy(static entry => entry.DueAt).Take(most).Select(static entry => entry.Read()!)];
        }
    }

    private Entry EntryOf(TaskRecord record, TimeSpan due) => new(record.ToJson(), record.Version, cluster.Now + (long)due.TotalMilliseconds);

    private sealed record Entry(byte[] Json, long Version, long DueAt)
    {
        public TaskRecord? Read() => TaskRecord.FromJson(Json, Version);
    }
}

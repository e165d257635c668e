namespace Tidings.Tasks;

/// <summary>The tasks of a single node: they live and end with the process.</summary>
internal sealed class MemoryTaskStore(TimeProvider time, long mostBytes) : ITaskStore
{
    // What a task costs besides its texts.
    private const int Overhead = 512;

    private static readonly TaskRecord Forgotten = new(new TaskState { Id = "", Name = "" });

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _tasks = new(StringComparer.Ordinal);

    // Each task is in it once; one that was put off meanwhile goes back in when its old time has come.
    private readonly PriorityQueue<Entry, long> _due = new();
    private long _bytes;

    /// <summary>How much stands in the queue of what will be due.</summary>
    public int Queued
    {
        get
        {
            lock (_gate)
            {
                return _due.Count;
            }
        }
    }

    public ValueTask<TaskAdded> TryAddAsync(TaskRecord record, TimeSpan due)
    {
        lock (_gate)
        {
            if (_tasks.ContainsKey(record.Id))
            {
                return ValueTask.FromResult(TaskAdded.Exists);
            }

            if (_bytes + SizeOf(record) > mostBytes)
            {
                return ValueTask.FromResult(TaskAdded.Full);
            }

            _bytes += SizeOf(record);
            var entry = new Entry { Record = record, Due = DueAt(due) };
            _tasks.Add(record.Id, entry);
            Enqueue_NeedsLock(entry);
            return ValueTask.FromResult(TaskAdded.Yes);
        }
    }

    public ValueTask<TaskRecord?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_tasks.GetValueOrDefault(id)?.Record);
        }
    }

    public ValueTask<bool> TryReplaceAsync(TaskRecord record, long version, TimeSpan due)
    {
        lock (_gate)
        {
            if (_tasks.GetValueOrDefault(record.Id) is not { } entry || entry.Record.Version != version)
            {
                return ValueTask.FromResult(false);
            }

            // What is there already may grow by its texts; they are bounded, each.
            _bytes += SizeOf(record) - SizeOf(entry.Record);
            entry.Record = record;
            entry.Due = DueAt(due);
            if (entry.Due < entry.QueuedFor)
            {
                Enqueue_NeedsLock(entry);
            }

            return ValueTask.FromResult(true);
        }
    }

    public ValueTask RemoveAsync(string id, long version)
    {
        lock (_gate)
        {
            if (_tasks.GetValueOrDefault(id) is { } entry && entry.Record.Version == version)
            {
                _bytes -= SizeOf(entry.Record);
                _tasks.Remove(id);

                // The queue may hold it for long.
                entry.Record = Forgotten;
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<TaskRecord>> ListDueAsync(int most, CancellationToken cancellationToken = default)
    {
        var now = time.GetTimestamp();
        List<TaskRecord> found = [];
        lock (_gate)
        {
            List<Entry> listed = [];
            while (found.Count < most && _due.TryPeek(out var entry, out var queuedFor) && queuedFor <= now)
            {
                _due.Dequeue();
                if (queuedFor != entry.QueuedFor || !_tasks.TryGetValue(entry.Record.Id, out var present) || present != entry)
                {
                    continue;
                }

                if (entry.Due <= now)
                {
                    found.Add(entry.Record);
                    listed.Add(entry);
                }
                else
                {
                    Enqueue_NeedsLock(entry);
                }
            }

            // Until somebody has done something about them they stay due.
            listed.ForEach(Enqueue_NeedsLock);
        }

        return ValueTask.FromResult<IReadOnlyList<TaskRecord>>(found);
    }

    public ValueTask<IReadOnlyList<TaskRecord>> ListAsync(int most, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<TaskRecord>>([.. _tasks.Values.OrderBy(static entry => entry.Due).Take(most).Select(static entry => entry.Record)]);
        }
    }

    private static long SizeOf(TaskRecord record) =>
        Overhead + record.Data.Length + record.State.Result.Length
        + (2L * (record.Id.Length + record.State.Name.Length + (record.State.Message?.Length ?? 0) + (record.State.Error?.Length ?? 0)));

    private long DueAt(TimeSpan due) => time.GetTimestamp() + (long)(due.TotalSeconds * time.TimestampFrequency);

    private void Enqueue_NeedsLock(Entry entry)
    {
        entry.QueuedFor = entry.Due;
        _due.Enqueue(entry, entry.Due);
    }

    private sealed class Entry
    {
        public required TaskRecord Record { get; set; }

        public long Due { get; set; }

        /// <summary>For when it stands in the queue; what else is in there of it counts for nothing.</summary>
        public long QueuedFor { get; set; }
    }
}

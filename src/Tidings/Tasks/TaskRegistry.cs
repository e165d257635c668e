using Tidings.Brokers;

namespace Tidings.Tasks;

/// <summary>Changes tasks by the rules, one change after the other whichever node makes it, and has each told. Safe from any thread.</summary>
/// <remarks>A token ends a call before it writes. From the write on the call goes to its end, or the change would be kept and told to nobody.</remarks>
internal sealed class TaskRegistry(ITaskStore store, IBroker broker, TaskOutputs outputs, TaskOptions options, TimeProvider time, TaskMetrics metrics, TaskOutages outages)
{
    // So many others would have to be faster, one after the other.
    private const int MostAttempts = 1000;

    /// <summary>How often it is looked for tasks that are due.</summary>
    public static TimeSpan SweepInterval(TaskOptions options) =>
        TimeSpan.FromMilliseconds(Math.Clamp(options.Lease.TotalMilliseconds / 15, 50, 1000));

    private readonly SignsOfLife _signs = new(options.Lease / 3, time);

    public TaskEcho Echo { get; } = new(broker, store, outputs, options, time, outages);

    /// <summary>What tasks say besides their states.</summary>
    public TaskOutputs Outputs => outputs;

    public TaskOutages Outages => outages;

    public TaskOptions Options => options;

    // So much earlier that a task is failed within the lease, and not only found.
    private TimeSpan Lease => options.Lease - SweepInterval(options);

    public ValueTask<TaskRecord?> FindAsync(string id, CancellationToken cancellationToken) => store.FindAsync(id, cancellationToken);

    /// <summary>Some tasks, those first that are worked on.</summary>
    public ValueTask<IReadOnlyList<TaskRecord>> ListAsync(int most, CancellationToken cancellationToken) => store.ListAsync(most, cancellationToken);

    /// <summary>Keeps a new task, which is pending, and tells it.</summary>
    public async ValueTask<TaskAdded> AddAsync(TaskRecord record, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var added = await store.TryAddAsync(record, DueOf(record)).ConfigureAwait(false);
        if (added == TaskAdded.Yes)
        {
            metrics.Entered(record.State.Status);
            Echo.Offer(record);
        }

        return added;
    }

    /// <summary>Takes a report, which is sound.</summary>
    public ValueTask<TaskOutcome> ReportAsync(string id, TaskReport report, CancellationToken cancellationToken) =>
        ChangeAsync(id, record => TaskRules.Apply(record.State, report), report.Log, cancellationToken);

    /// <summary>Renews a task's lease, whatever its state.</summary>
    public ValueTask<TaskOutcome> RenewAsync(string id, CancellationToken cancellationToken) =>
        ChangeAsync(id, static record => (record.State.IsFinal ? TaskVerdict.Conflict : TaskVerdict.Ignored, record.State), [], cancellationToken);

    /// <summary>Appends to a task's output for a worker outside, which is a sign of life: a task that waits for one runs from then on. See <see cref="TaskOutputs.AppendAsync"/>.</summary>
    public async ValueTask<Streams.StreamAppended> AppendAsync(string id, ReadOnlyMemory<byte> chunk, long? offset, bool isBinary)
    {
        var appended = await outputs.AppendAsync(id, chunk, offset, isBinary).ConfigureAwait(false);
        if (appended.Verdict is Streams.StreamVerdict.Appended or Streams.StreamVerdict.Repeated && _signs.IsDue(id))
        {
            await ReportAsync(id, TaskReport.Alive, CancellationToken.None).ConfigureAwait(false);
        }

        return appended;
    }

    /// <summary>Ends a task that nobody is heard of any more, if it is still as it was.</summary>
    public async ValueTask FailAsync(TaskRecord lost, string error)
    {
        var failed = lost.Next(lost.State with { Status = WorkStatus.Failed, Error = error });
        if (await store.TryReplaceAsync(failed, lost.Version, DueOf(failed)).ConfigureAwait(false))
        {
            metrics.Entered(failed.State.Status);
            OnChanged(failed, []);
        }
    }

    private async ValueTask<TaskOutcome> ChangeAsync(
        string id, Func<TaskRecord, (TaskVerdict, TaskState)> judge, IReadOnlyList<string> lines, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            if (await store.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } record)
            {
                return new TaskOutcome(TaskVerdict.NotFound, null);
            }

            var (verdict, state) = judge(record);
            if (verdict is TaskVerdict.Repeated or TaskVerdict.Conflict)
            {
                // The first one may have been kept by a store that could not say so, and then nobody was told.
                if (verdict == TaskVerdict.Repeated && !record.Announced)
                {
                    OnChanged(record, lines);
                }

                return new TaskOutcome(verdict, state);
            }

            var next = record.Next(state);
            if (await store.TryReplaceAsync(next, record.Version, DueOf(next)).ConfigureAwait(false))
            {
                if (state.Status != record.State.Status)
                {
                    metrics.Entered(state.Status);
                }

                if (state.IsFinal)
                {
                    await EndOutputAsync(next).ConfigureAwait(false);
                }

                if (verdict == TaskVerdict.Changed || lines.Count > 0)
                {
                    OnChanged(next, lines);
                }

                return new TaskOutcome(verdict, state);
            }
        }

        throw new BrokerUnavailableException("Too many report the same task at once.");
    }

    // Who has reported the end finds the output ended. Where that cannot be written now, the end is not told either, until it is.
    private async ValueTask EndOutputAsync(TaskRecord ended)
    {
        try
        {
            await outputs.EndAsync(ended).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException error)
        {
            outages.NotKept(error);
        }
    }

    private void OnChanged(TaskRecord record, IReadOnlyList<string> lines)
    {
        Echo.Offer(record, lines);
        if (record.State.IsFinal && record.Node is not null)
        {
            _ = TaskSignals.TellEndedAsync(broker, record.Id);
        }
    }

    // Once it has ended it is due until its end has been told.
    private TimeSpan DueOf(TaskRecord record) =>
        record.State.Status == WorkStatus.Pending && record.Node is null ? options.StartTimeout : Lease;
}

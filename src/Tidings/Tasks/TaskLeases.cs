using Microsoft.Extensions.Logging;

namespace Tidings.Tasks;

/// <summary>Keeps the leases of this node's tasks, and looks for tasks of all nodes that are due: those nobody is heard of any more are failed,
/// those whose end was not told are told, those known long enough are forgotten.</summary>
/// <remarks>Every node does so; the store lets one of them succeed with each task.</remarks>
internal sealed partial class TaskLeases : IDisposable
{
    private const int MostAtOnce = 200;

    private readonly ITaskStore _store;
    private readonly TaskRegistry _tasks;
    private readonly TaskQueue _queue;
    private readonly ILogger _log;
    private readonly ITimer _sweeping;
    private readonly ITimer _renewing;
    private int _swept;
    private int _renewed;

    public TaskLeases(ITaskStore store, TaskRegistry tasks, TaskQueue queue, TimeProvider time, ILogger log)
    {
        (_store, _tasks, _queue, _log) = (store, tasks, queue, log);
        var sweep = TaskRegistry.SweepInterval(tasks.Options);
        var renew = tasks.Options.Lease / 3;
        _sweeping = time.CreateTimer(static leases => ((TaskLeases)leases!).Sweep(), this, sweep, sweep);
        _renewing = time.CreateTimer(static leases => ((TaskLeases)leases!).Renew(), this, renew, renew);
    }

    public void Dispose()
    {
        _sweeping.Dispose();
        _renewing.Dispose();
    }

    private void Sweep() => Begin(ref _swept, SweepAsync, () => Volatile.Write(ref _swept, 0));

    private void Renew() => Begin(ref _renewed, _queue.RenewAsync, () => Volatile.Write(ref _renewed, 0));

    // One at a time, however long it takes.
    private void Begin(ref int running, Func<Task> work, Action end)
    {
        if (Interlocked.Exchange(ref running, 1) == 0)
        {
            _ = Task.Run(async () =>
            {
                try
                {
                    await work().ConfigureAwait(false);
                    _tasks.Outages.Kept();
                }
#pragma warning disable CA1031 // The next round tries again.
                catch (Exception error)
#pragma warning restore CA1031
                {
                    _tasks.Outages.NotKept(error);
                }
                finally
                {
                    end();
                }
            });
        }
    }

    private async Task SweepAsync()
    {
        IReadOnlyList<TaskRecord> due;
        do
        {
            due = await _store.ListDueAsync(MostAtOnce).ConfigureAwait(false);
            foreach (var record in due)
            {
                await SettleAsync(record).ConfigureAwait(false);
            }
        }
        while (due.Count == MostAtOnce);
    }

    private async Task SettleAsync(TaskRecord record)
    {
        if (!record.State.IsFinal && record.Node == _queue.Node && _queue.Has(record.Id))
        {
            // This very process does it: its lease could not be renewed in time, as on a machine that is too busy.
            await _tasks.RenewAsync(record.Id, CancellationToken.None).ConfigureAwait(false);
        }
        else if (!record.State.IsFinal)
        {
            var waited = record.State.Status == WorkStatus.Pending && record.Node is null;
            LogLost(_log, record.Id, record.State.Name);
            await _tasks.FailAsync(record, waited ? "no worker came" : "worker lost").ConfigureAwait(false);
        }
        else if (!record.Announced)
        {
            await _tasks.Echo.AnnounceAsync(record).ConfigureAwait(false);
        }
        else
        {
            await _tasks.Outputs.RemoveAsync(record.Id).ConfigureAwait(false);
            await _store.RemoveAsync(record.Id, record.Version).ConfigureAwait(false);
        }
    }

    [LoggerMessage(703, LogLevel.Warning, "Task {Id} ({Name}) failed: nothing was heard of it for too long")]
    private static partial void LogLost(ILogger log, string id, string name);
}

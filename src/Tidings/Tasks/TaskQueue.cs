using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Channels;

namespace Tidings.Tasks;

/// <summary>The tasks that this process does: a bounded queue, and as many runs at once as wanted. Safe from any thread.</summary>
internal sealed class TaskQueue(TaskRegistry tasks, Hub hub, IBroker broker, string node, TimeProvider time, ILogger log)
{
    private const int MostRenewedAtOnce = 64;

    private readonly Lock _gate = new();
    private readonly Queue<TaskRun> _waiting = [];
    private readonly HashSet<TaskRun> _all = [];
    private TaskCompletionSource? _empty;
    private int _reserved;
    private int _running;
    private bool _stopped;

    /// <summary>Names this node in what is kept of its tasks.</summary>
    public string Node => node;

    /// <summary>Tasks that wait or run.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _all.Count;
            }
        }
    }

    /// <summary>Whether a task waits or runs here.</summary>
    public bool Has(string id)
    {
        lock (_gate)
        {
            return _all.Any(run => run.Id == id);
        }
    }

    /// <summary>Takes a place for a task that is to be kept first.</summary>
    /// <returns>False where there is none, or the process stops.</returns>
    public bool TryReserve(out bool stopped)
    {
        lock (_gate)
        {
            stopped = _stopped;
            if (_stopped || _all.Count + _reserved >= tasks.Options.Parallelism + tasks.Options.QueueLength)
            {
                return false;
            }

            _reserved++;
            return true;
        }
    }

    public void GiveBack()
    {
        lock (_gate)
        {
            _reserved--;
        }
    }

    /// <summary>Takes the task that the place was for.</summary>
    public void Enqueue(string id, TaskKind kind, ReadOnlyMemory<byte> data)
    {
        var run = new TaskRun(id, kind, data, tasks, time, log);
        hub.Listen(run, TaskSignals.ChannelOf(id));
        _ = TaskSignals.ListenAsync(broker, id);
        lock (_gate)
        {
            _reserved--;
            _all.Add(run);
            _waiting.Enqueue(run);
            if (_stopped)
            {
                run.Stop();
            }
        }

        BeginNext();
    }

    /// <summary>Keeps the leases of all.</summary>
    public async Task RenewAsync()
    {
        TaskRun[] runs;
        lock (_gate)
        {
            runs = [.. _all];
        }

        // Some at once: one after the other they would wait for the disk, or for the network, as often as there are runs, and leases would end meanwhile.
        foreach (var some in runs.Chunk(MostRenewedAtOnce))
        {
            await Task.WhenAll(some.Select(static run => run.RenewAsync())).ConfigureAwait(false);
        }
    }

    /// <summary>Takes no more tasks and ends those that are there; completes when none is left.</summary>
    /// <param name="wait">Whether those that run may finish.</param>
    public Task StopAsync(bool wait)
    {
        lock (_gate)
        {
            _stopped = true;
            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            foreach (var run in wait ? _waiting.AsEnumerable() : _all)
            {
                run.Stop();
            }

            if (_all.Count == 0)
            {
                _empty.TrySetResult();
            }

            return _empty.Task;
        }
    }

    private void BeginNext()
    {
        lock (_gate)
        {
            while (_waiting.Count > 0 && (_stopped || _running < tasks.Options.Parallelism))
            {
                _running++;
                var run = _waiting.Dequeue();
                _ = Task.Run(() => CarryOutAsync(run));
            }
        }
    }

    private async Task CarryOutAsync(TaskRun run)
    {
        try
        {
            await run.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            hub.EndListening(run, TaskSignals.ChannelOf(run.Id));
            lock (_gate)
            {
                _running--;
                _all.Remove(run);
                if (_all.Count == 0)
                {
                    _empty?.TrySetResult();
                }
            }

            BeginNext();
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Streams;

namespace Tidings.Tasks;

/// <summary>One task that this process does: from its place in the queue to its end.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing; it may be cancelled after the end.")]
internal sealed partial class TaskRun : IMessageListener
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);
    private static readonly TaskReport Running = new() { Status = WorkStatus.Running };

    private readonly TaskKind _kind;
    private readonly ReadOnlyMemory<byte> _data;
    private readonly TaskRegistry _tasks;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _cancel = new();
    private volatile bool _stopping;

    public TaskRun(string id, TaskKind kind, ReadOnlyMemory<byte> data, TaskRegistry tasks, TimeProvider time, ILogger log)
    {
        (Id, _kind, _data, _tasks, _time, _log) = (id, kind, data, tasks, time, log);
    }

    public string Id { get; }

    /// <summary>The task has been ended, or is to end. Any thread.</summary>
    public void Cancel() => _ = Task.Run(_cancel.Cancel);

    /// <summary>The process stops: the task ends as cancelled, and says why.</summary>
    public void Stop()
    {
        _stopping = true;
        Cancel();
    }

    // Under the channel's lock.
    void IMessageListener.Offer(Message message) => Cancel();

    /// <summary>Keeps the task's lease. Where the task has ended without it, the run ends too.</summary>
    public async Task RenewAsync()
    {
        try
        {
            if (!(await _tasks.RenewAsync(Id, CancellationToken.None).ConfigureAwait(false)).IsAccepted)
            {
                Cancel();
            }
        }
        catch (BrokerUnavailableException error)
        {
            _tasks.Outages.NotKept(error);
        }
    }

    /// <summary>Does the work and reports its end. Does not throw.</summary>
    public async Task RunAsync()
    {
        if (_stopping)
        {
            await FinishAsync(Stopped()).ConfigureAwait(false);
            return;
        }

        if (!await FinishAsync(Running).ConfigureAwait(false))
        {
            return;
        }

        var progress = new TaskProgress(Id, _time, TimeSpan.FromSeconds(1) / _tasks.Options.UpdatesPerSecond, SendAsync);
        var output = new TaskOutput(_time, _tasks.Outputs.LargestChunk, WriteAsync);
        var final = await WorkAsync(progress, output).ConfigureAwait(false);
        if (await output.EndAsync(() => _stopping).ConfigureAwait(false) is { } fault && final.Status == WorkStatus.Completed)
        {
            final = Failed(fault);
        }

        await FinishAsync(await progress.EndAsync(final).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task<TaskReport> WorkAsync(TaskProgress progress, TaskOutput output)
    {
        using var limit = _kind.TimeLimit > TimeSpan.Zero ? new CancellationTokenSource(_kind.TimeLimit, _time) : new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_cancel.Token, limit.Token);
        try
        {
            var result = await _kind.Body(new TaskInvocation(_data, progress, output), either.Token).ConfigureAwait(false);
            return result.Length > _tasks.Options.PayloadBytes
                ? Failed($"The result has {result.Length} bytes; at most {_tasks.Options.PayloadBytes} are kept.")
                : new TaskReport { Status = WorkStatus.Completed, Result = result };
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            return Stopped();
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return Failed($"The task took longer than {_kind.TimeLimit}.");
        }
        catch (TaskFailedException error)
        {
            return Failed(error.Message);
        }
#pragma warning disable CA1031 // Whatever the task's code throws is the task's end, and no more.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogFailed(_log, Id, _kind.Name, error);
            return Failed("Internal error");
        }
    }

    private TaskReport Stopped() => new() { Status = WorkStatus.Cancelled, Error = _stopping ? "The server is shutting down." : null };

    private static TaskReport Failed(string error) => new() { Status = WorkStatus.Failed, Error = error };

    private async Task<OutputSent> WriteAsync(OutputChunk chunk)
    {
        try
        {
            switch ((await _tasks.Outputs.AppendAsync(Id, chunk.Bytes, chunk.Offset, chunk.IsBinary).ConfigureAwait(false)).Verdict)
            {
                case StreamVerdict.Appended or StreamVerdict.Repeated:
                    return OutputSent.Yes;
                case StreamVerdict.TooLarge:
                    return OutputSent.TooLarge;
                case StreamVerdict.Full or StreamVerdict.WriterFull:
                    return OutputSent.NoRoom;
                case StreamVerdict.NotText:
                    return OutputSent.NotText;
                default:
                    // It has ended, is gone, or somebody else writes it.
                    Cancel();
                    return OutputSent.Ended;
            }
        }
        catch (BrokerUnavailableException error)
        {
            _tasks.Outages.NotKept(error);
            return OutputSent.Later;
        }
    }

    private async Task<bool> SendAsync(TaskReport report)
    {
        try
        {
            if (!(await _tasks.ReportAsync(Id, report, CancellationToken.None).ConfigureAwait(false)).IsAccepted)
            {
                Cancel();
            }

            return true;
        }
        catch (BrokerUnavailableException error)
        {
            _tasks.Outages.NotKept(error);
            return false;
        }
    }

    // Until the store has it; should that last too long, somebody else will have ended the task, and the store says so.
    private async Task<bool> FinishAsync(TaskReport report)
    {
        for (var wait = FirstRetry; ; wait = wait * 2 < LongestRetry ? wait * 2 : LongestRetry)
        {
            try
            {
                return (await _tasks.ReportAsync(Id, report, CancellationToken.None).ConfigureAwait(false)).IsAccepted;
            }
            catch (BrokerUnavailableException error)
            {
                _tasks.Outages.NotKept(error);
                if (_stopping)
                {
                    return false;
                }

                await Task.Delay(wait, _time).ConfigureAwait(false);
            }
        }
    }

    [LoggerMessage(701, LogLevel.Error, "Task {Id} ({Name}) failed")]
    private static partial void LogFailed(ILogger log, string id, string name, Exception error);
}

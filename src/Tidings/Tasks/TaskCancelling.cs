using Tidings.Protocol;

namespace Tidings.Tasks;

/// <summary>Cancels tasks for those who may. Safe from any thread.</summary>
internal sealed class TaskCancelling(TaskRegistry tasks)
{
    private static readonly TaskReport Cancelled = new() { Status = WorkStatus.Cancelled };

    /// <summary>Cancels a task for a client that may watch it.</summary>
    /// <param name="id">The task.</param>
    /// <param name="isUser">Whether the user is authenticated.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Why not, or null; and the task's state.</returns>
    public async ValueTask<(ErrorCode? Refusal, TaskOutcome Outcome)> CancelForClientAsync(string id, bool isUser, CancellationToken cancellationToken)
    {
        if (await tasks.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } record)
        {
            return (ErrorCode.NotAllowed, new TaskOutcome(TaskVerdict.NotFound, null));
        }

        if (record.Cancel == ChannelAccess.Server || (record.Cancel == ChannelAccess.Users && !isUser))
        {
            return (ErrorCode.NotAllowed, new TaskOutcome(TaskVerdict.Conflict, record.State));
        }

        var outcome = await CancelAsync(id, cancellationToken).ConfigureAwait(false);
        return (outcome.IsAccepted ? null : outcome.Verdict == TaskVerdict.NotFound ? ErrorCode.NotAllowed : ErrorCode.Conflict, outcome);
    }

    public ValueTask<TaskOutcome> CancelAsync(string id, CancellationToken cancellationToken) => tasks.ReportAsync(id, Cancelled, cancellationToken);
}

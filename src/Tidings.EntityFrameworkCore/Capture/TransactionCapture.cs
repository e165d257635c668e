using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Tidings.EntityFrameworkCore.Contexts;

namespace Tidings.EntityFrameworkCore.Capture;

/// <summary>The moments of a transaction that events depend on: its beginning, its commit, its end, and its savepoints.</summary>
/// <remarks>A strategy that retries runs all of them once more; what was collected before counts no longer then.</remarks>
internal sealed class TransactionCapture(LiveContext live, ChangeCapture capture) : DbTransactionInterceptor
{
    public override DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        PendingOf(eventData)?.BeginTransaction();
        return result;
    }

    public override ValueTask<DbTransaction> TransactionStartedAsync(DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
    {
        PendingOf(eventData)?.BeginTransaction();
        return ValueTask.FromResult(result);
    }

    public override InterceptionResult TransactionCommitting(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result)
    {
        ChangeCapture.Done(WriteAsync(transaction, eventData, async: false, CancellationToken.None));
        return result;
    }

    public override async ValueTask<InterceptionResult> TransactionCommittingAsync(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        await WriteAsync(transaction, eventData, async: true, cancellationToken);
        return result;
    }

    public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => Commit(eventData);

    public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Commit(eventData);
        return Task.CompletedTask;
    }

    public override void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) => PendingOf(eventData)?.RolledBack(eventData.TransactionId);

    public override Task TransactionRolledBackAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        PendingOf(eventData)?.RolledBack(eventData.TransactionId);
        return Task.CompletedTask;
    }

    public override void TransactionFailed(DbTransaction transaction, TransactionErrorEventData eventData) => PendingOf(eventData)?.RolledBack(eventData.TransactionId);

    public override Task TransactionFailedAsync(DbTransaction transaction, TransactionErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        PendingOf(eventData)?.RolledBack(eventData.TransactionId);
        return Task.CompletedTask;
    }

    public override InterceptionResult CreatingSavepoint(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result)
    {
        ChangeCapture.Done(WriteBeforeSavepointAsync(transaction, eventData, async: false, CancellationToken.None));
        return result;
    }

    public override async ValueTask<InterceptionResult> CreatingSavepointAsync(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        await WriteBeforeSavepointAsync(transaction, eventData, async: true, cancellationToken);
        return result;
    }

    public override void RolledBackToSavepoint(DbTransaction transaction, TransactionEventData eventData) => ForgetSinceSavepoint(eventData);

    public override Task RolledBackToSavepointAsync(DbTransaction transaction, TransactionEventData eventData, CancellationToken cancellationToken = default)
    {
        ForgetSinceSavepoint(eventData);
        return Task.CompletedTask;
    }

    private PendingChanges? PendingOf(DbContextEventData eventData) => eventData.Context is { } context ? live.PendingOf(context) : null;

    private async ValueTask WriteAsync(DbTransaction transaction, TransactionEventData eventData, bool async, CancellationToken cancellationToken)
    {
        if (eventData.Context is { } context)
        {
            await capture.WriteAsync(context, transaction, eventData.TransactionId, async, cancellationToken);
        }
    }

    private async ValueTask WriteBeforeSavepointAsync(DbTransaction transaction, TransactionEventData eventData, bool async, CancellationToken cancellationToken)
    {
        // A save makes one for itself: what is pending goes with the save, after its row locks.
        if (eventData.Context is { } context && live.PendingOf(context) is { IsSaving: false } pending)
        {
            await capture.WriteAsync(context, transaction, pending.TakeBeforeSavepoint(eventData.TransactionId), async, cancellationToken);
        }
    }

    private void ForgetSinceSavepoint(TransactionEventData eventData)
    {
        if (PendingOf(eventData) is { IsSaving: false } pending)
        {
            pending.RolledBackToSavepoint(eventData.TransactionId);
        }
    }

    private void Commit(TransactionEndEventData eventData)
    {
        PendingOf(eventData)?.Committed();
        live.Committed.Set();
    }
}

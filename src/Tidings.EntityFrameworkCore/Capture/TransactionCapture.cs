using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Tidings.EntityFrameworkCore.Contexts;

namespace Tidings.EntityFrameworkCore.Capture;

/// <summary>The two moments of a transaction that events depend on: before its first statement, and before its commit.</summary>
/// <remarks>A strategy that retries runs both once more; what was collected before counts no longer then.</remarks>
internal sealed class TransactionCapture(LiveContext live, ChangeCapture capture) : DbTransactionInterceptor
{
    public override DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        if (IsOwn(eventData.Context))
        {
            ChangeCapture.Done(capture.CollectAsync(eventData.Context!, async: false, CancellationToken.None));
        }

        return result;
    }

    public override async ValueTask<DbTransaction> TransactionStartedAsync(DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
    {
        if (IsOwn(eventData.Context))
        {
            await capture.CollectAsync(eventData.Context!, async: true, cancellationToken);
        }

        return result;
    }

    public override InterceptionResult TransactionCommitting(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result)
    {
        if (eventData.Context is { } context)
        {
            ChangeCapture.Done(capture.WriteAsync(context, transaction, async: false, CancellationToken.None));
        }

        return result;
    }

    public override async ValueTask<InterceptionResult> TransactionCommittingAsync(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        if (eventData.Context is { } context)
        {
            await capture.WriteAsync(context, transaction, async: true, cancellationToken);
        }

        return result;
    }

    public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => live.Committed.Set();

    public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        live.Committed.Set();
        return Task.CompletedTask;
    }

    public override void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) => Forget(eventData.Context);

    public override Task TransactionRolledBackAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Forget(eventData.Context);
        return Task.CompletedTask;
    }

    private bool IsOwn(DbContext? context) => context is not null && live.PendingOf(context) is { IsSaving: true, IsCallersTransaction: false };

    // A save that fails inside may be tried again by a strategy: what it collects then takes the place of this.
    private void Forget(DbContext? context)
    {
        if (context is not null && live.PendingOf(context) is { IsSaving: false } pending)
        {
            pending.Events.Clear();
            pending.Changes.Clear();
        }
    }
}

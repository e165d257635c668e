using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Tidings.EntityFrameworkCore.Contexts;

namespace Tidings.EntityFrameworkCore.Capture;

/// <summary>Collects what <c>SaveChanges</c> changes, whoever called it, and writes it into the outbox of the same transaction.</summary>
/// <remarks>
/// A save inside a transaction of the caller's writes when its statements have run; any other in its own transaction, which it is made
/// to have, right before the commit. In either case the rows come after the row locks, so that they are in commit order for each row.
/// </remarks>
internal sealed class ChangeCapture(LiveContext live) : SaveChangesInterceptor
{
    public LiveContext Live => live;

    public override InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        Done(BeginAsync(eventData.Context!, async: false, CancellationToken.None));
        return result;
    }

    public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        await BeginAsync(eventData.Context!, async: true, cancellationToken);
        return result;
    }

    public override int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        Done(EndAsync(eventData.Context!, async: false, CancellationToken.None));
        return result;
    }

    public override async ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        await EndAsync(eventData.Context!, async: true, cancellationToken);
        return result;
    }

    public override void SaveChangesFailed(DbContextErrorEventData eventData) => Forget(eventData.Context!);

    public override Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        Forget(eventData.Context!);
        return Task.CompletedTask;
    }

    public override void SaveChangesCanceled(DbContextEventData eventData) => Forget(eventData.Context!);

    public override Task SaveChangesCanceledAsync(DbContextEventData eventData, CancellationToken cancellationToken = default)
    {
        Forget(eventData.Context!);
        return Task.CompletedTask;
    }

    /// <summary>Finds out what is about to change, and how it is now.</summary>
    public async ValueTask CollectAsync(DbContext context, bool async, CancellationToken cancellationToken)
    {
        var pending = live.PendingOf(context);
        pending.Changes.Clear();
        var tracker = context.ChangeTracker;
        if (!live.HasResources)
        {
            return;
        }

        foreach (var entry in tracker.Entries())
        {
            if (entry.State is EntityState.Added or EntityState.Modified or EntityState.Deleted)
            {
                foreach (var resource in live.ResourcesOf(context, entry.Metadata.ClrType))
                {
                    pending.Changes.Add(new Change(resource, entry, entry.State));
                }
            }
        }

        foreach (var changes in pending.Changes.Where(static change => change.State != EntityState.Added).GroupBy(static change => change.Resource))
        {
            var resource = changes.Key;
            var rows = await resource.ReadAsync(context, [.. changes.Select(static change => change.Key).Distinct()], forUpdate: true, async, cancellationToken);
            var byKey = rows.ToDictionary(row => row[resource.KeyIndex]!);
            foreach (var change in changes)
            {
                change.Before = byKey.GetValueOrDefault(change.Key);
            }
        }
    }

    /// <summary>Writes all that is pending into the outbox of the present transaction.</summary>
    public async ValueTask WriteAsync(DbContext context, System.Data.Common.DbTransaction? transaction, bool async, CancellationToken cancellationToken)
    {
        var events = live.PendingOf(context).Take();
        if (events.Count == 0)
        {
            return;
        }

        var table = LiveContext.TableOf(context) ?? throw new InvalidOperationException(LiveContext.Fault(context));
        await table.WriteAsync(context, transaction, events, async, cancellationToken);
    }

    private async ValueTask BeginAsync(DbContext context, bool async, CancellationToken cancellationToken)
    {
        var pending = live.PendingOf(context);
        pending.IsSaving = true;
        if (!context.Database.IsRelational())
        {
            await live.Memory.EnterAsync(async, cancellationToken);
            pending.HoldsGate = true;
            await CollectAsync(context, async, cancellationToken);
            return;
        }

        pending.IsCallersTransaction = context.Database.CurrentTransaction is not null
            || System.Transactions.Transaction.Current is not null;
        if (pending.IsCallersTransaction)
        {
            await CollectAsync(context, async, cancellationToken);
        }
        else if (context.Database.AutoTransactionBehavior != AutoTransactionBehavior.Always && (live.HasResources || pending.Events.Count > 0))
        {
            pending.Behavior = context.Database.AutoTransactionBehavior;
            context.Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
        }
    }

    private async ValueTask EndAsync(DbContext context, bool async, CancellationToken cancellationToken)
    {
        var pending = live.PendingOf(context);
        if (pending.HoldsGate)
        {
            // Still inside the gate: in the order in which the saves were done.
            live.Memory.Enqueue(pending.Take());
        }
        else
        {
            // A save without a transaction of its own: the caller's, or one that had nothing to change and so is one statement.
            await WriteAsync(context, null, async, cancellationToken);
            live.Committed.Set();
        }

        End(context, pending);
    }

    private void Forget(DbContext context)
    {
        var pending = live.PendingOf(context);
        pending.Changes.Clear();
        End(context, pending);
    }

    private void End(DbContext context, PendingChanges pending)
    {
        pending.IsSaving = false;
        pending.IsCallersTransaction = false;
        if (pending.Behavior is { } behavior)
        {
            context.Database.AutoTransactionBehavior = behavior;
            pending.Behavior = null;
        }

        if (pending.HoldsGate)
        {
            pending.HoldsGate = false;
            live.Memory.Leave();
        }
    }

    /// <summary>What was done without waiting.</summary>
    public static void Done(ValueTask task)
    {
        System.Diagnostics.Debug.Assert(task.IsCompleted);
#pragma warning disable VSTHRD002 // It has completed: the caller asked for that.
        task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }
}

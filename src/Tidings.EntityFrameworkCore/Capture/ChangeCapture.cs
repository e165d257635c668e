using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Outbox;

namespace Tidings.EntityFrameworkCore.Capture;

/// <summary>The beginning and the end of <c>SaveChanges</c>, called by any code: what it changes goes into the outbox of the same transaction.</summary>
/// <remarks>
/// A save inside a transaction of the caller's writes when its statements have run; any other in its own transaction, which it is made
/// to have, right before the commit. In either case the rows come after the row locks, so that they are in commit order for each row.
/// </remarks>
internal sealed class ChangeCapture(LiveContext live) : SaveChangesInterceptor
{
    public LiveContext Live => live;

    /// <summary>What sees the changes of a context.</summary>
    /// <exception cref="InvalidOperationException">The context was not made known to Tidings.</exception>
    public static ChangeCapture Of(DbContext context) =>
        context.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.Interceptors?.OfType<ChangeCapture>().FirstOrDefault()
        ?? throw new InvalidOperationException($"Tidings does not know {context.GetType().Name}: call builder.Services.AddTidings().AddDbContext<{context.GetType().Name}>() before builder.Build().");

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

    /// <summary>Writes all that is pending into the outbox of a transaction: of <paramref name="transaction"/>, or of the context's.</summary>
    public async ValueTask WriteAsync(DbContext context, System.Data.Common.DbTransaction? transaction, Guid? transactionId, bool async, CancellationToken cancellationToken) =>
        await WriteAsync(context, transaction, live.PendingOf(context).Take(transactionId), async, cancellationToken);

    /// <summary>Writes events into the outbox of a transaction.</summary>
    public async ValueTask WriteAsync(DbContext context, System.Data.Common.DbTransaction? transaction, List<Outbox.OutboxEvent> events, bool async, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
        {
            return;
        }

        var table = OutboxTable.Of(context) ?? throw new InvalidOperationException(LiveContext.Fault(context));
        await table.WriteAsync(context, transaction, events, live.Node.Engine.Backplane.Generation, async, cancellationToken);
    }

    private async ValueTask BeginAsync(DbContext context, bool async, CancellationToken cancellationToken)
    {
        var pending = live.PendingOf(context);
        if (!context.Database.IsRelational())
        {
            if (pending.MemorySave is null)
            {
                await live.Memory.EnterAsync(context, async, cancellationToken);
            }

            // One that is still there never ended: an interceptor after this one threw.
            pending.MemorySave?.End();
            pending.BeginSave(isInTransaction: false);
            pending.MemorySave = new MemorySave(live, context);
            return;
        }

        var isCallersTransaction = context.Database.CurrentTransaction is not null || System.Transactions.Transaction.Current is not null;
        pending.BeginSave(isCallersTransaction);
        if (!isCallersTransaction && context.Database.AutoTransactionBehavior != AutoTransactionBehavior.Always && (live.HasResources || pending.HasEvents))
        {
            pending.Behavior = context.Database.AutoTransactionBehavior;
            context.Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
        }
    }

    private async ValueTask EndAsync(DbContext context, bool async, CancellationToken cancellationToken)
    {
        var pending = live.PendingOf(context);
        if (pending.MemorySave is { } save)
        {
            // Still inside the gate: in the order in which the saves were done.
            live.Memory.Enqueue([.. save.ToEvents(), .. pending.Take(null)]);
            pending.Committed();
        }
        else
        {
            // A save without a transaction of its own: the caller's, or one that had nothing to change and so is one statement.
            var transaction = context.Database.CurrentTransaction?.TransactionId;
            await WriteAsync(context, null, transaction, async, cancellationToken);
            if (transaction is null && System.Transactions.Transaction.Current is null)
            {
                pending.Committed();
            }

            live.Committed.Set();
        }

        End(context, pending);
    }

    private void Forget(DbContext context)
    {
        var pending = live.PendingOf(context);
        pending.ForgetChanges();
        End(context, pending);
    }

    private void End(DbContext context, PendingChanges pending)
    {
        pending.IsSaving = false;
        if (pending.Behavior is { } behavior)
        {
            context.Database.AutoTransactionBehavior = behavior;
            pending.Behavior = null;
        }

        if (pending.MemorySave is { } save)
        {
            pending.MemorySave = null;
            save.End();
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

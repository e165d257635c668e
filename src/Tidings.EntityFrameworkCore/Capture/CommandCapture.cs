using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Tidings.EntityFrameworkCore.Contexts;

namespace Tidings.EntityFrameworkCore.Capture;

/// <summary>Collects what a save changes right before its first statement: all interceptors have had their turn, cascades are done, and the rows are as they were.</summary>
internal sealed class CommandCapture(LiveContext live) : DbCommandInterceptor
{
    public override InterceptionResult<DbDataReader> ReaderExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
    {
        ChangeCapture.Done(CollectAsync(eventData, async: false, CancellationToken.None));
        return result;
    }

    public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        await CollectAsync(eventData, async: true, cancellationToken);
        return result;
    }

    public override InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
    {
        ChangeCapture.Done(CollectAsync(eventData, async: false, CancellationToken.None));
        return result;
    }

    public override async ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        await CollectAsync(eventData, async: true, cancellationToken);
        return result;
    }

    private ValueTask CollectAsync(CommandEventData eventData, bool async, CancellationToken cancellationToken) =>
        eventData is { CommandSource: CommandSource.SaveChanges, Context: { } context } && live.HasResources && live.PendingOf(context) is { HasCollected: false } pending
            ? CollectAsync(context, pending, async, cancellationToken)
            : ValueTask.CompletedTask;

    private async ValueTask CollectAsync(DbContext context, PendingChanges pending, bool async, CancellationToken cancellationToken)
    {
        pending.HasCollected = true;
        pending.Changes.AddRange(Change.Of(live, context));
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
}

using System.Linq.Expressions;
using Tidings.EntityFrameworkCore.Capture;
using Tidings.EntityFrameworkCore.Contexts;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Tells feeds of changes that no <c>SaveChanges</c> makes.</summary>
public static class DbContextEventExtensions
{
    private const int MostRows = 10_000;

    /// <summary>Runs <c>ExecuteUpdate</c>, <c>ExecuteDelete</c> or SQL of your own on some rows, and tells feeds what it did, in one transaction.</summary>
    /// <remarks>The rows are locked, read, changed and read again; inside a transaction of the context's it takes part in it. At most 10,000 rows at once.</remarks>
    /// <param name="context">A context that is made known to Tidings.</param>
    /// <param name="rows">Which rows: a query without a projection.</param>
    /// <param name="change">What to do with them; it gets exactly the rows that were locked.</param>
    /// <param name="cancellationToken">Ends the call; the transaction is rolled back, where it is this call's own.</param>
    /// <returns>What <paramref name="change"/> returns.</returns>
    /// <exception cref="InvalidOperationException">More than 10,000 rows, or no resource shows the entity.</exception>
    public static async Task<int> ExecuteAndPublishAsync<TEntity>(
        this DbContext context, IQueryable<TEntity> rows, Func<IQueryable<TEntity>, Task<int>> change, CancellationToken cancellationToken = default)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(change);
        return await InTransactionAsync(context, async live =>
        {
            var key = context.Model.FindEntityType(typeof(TEntity))?.FindPrimaryKey()?.Properties is [var one] ? one.Name
                : throw new InvalidOperationException($"{typeof(TEntity).Name} has no key of one property.");
            var entity = Expression.Parameter(typeof(TEntity), "entity");
            var keyOf = Expression.Lambda<Func<TEntity, object>>(Expression.Convert(Expression.Property(entity, key), typeof(object)), entity);
            var keys = await rows.Select(keyOf).Take(MostRows + 1).ToListAsync(cancellationToken);
            if (keys.Count > MostRows)
            {
                throw new InvalidOperationException($"More than {MostRows} rows at once: change them in parts.");
            }

            var shown = Shown<TEntity>(live, context);
            var before = new List<(Tidings.EntityFrameworkCore.Resources.Resource Resource, List<object?[]> Rows)>();
            foreach (var resource in shown)
            {
                before.Add((resource, await resource.ReadAsync(context, keys, forUpdate: true, async: true, cancellationToken)));
            }

            var locked = before[0].Rows.Select(row => row[shown[0].KeyIndex]!).ToList();
            var result = await change(context.Set<TEntity>().IgnoreQueryFilters().Where(In<TEntity>(entity, key, locked)));
            foreach (var (resource, old) in before)
            {
                var now = (await resource.ReadAsync(context, locked, forUpdate: false, async: true, cancellationToken)).ToDictionary(row => row[resource.KeyIndex]!);
                foreach (var row in old)
                {
                    live.PendingOf(context).Add(context, now.TryGetValue(row[resource.KeyIndex]!, out var after) ? resource.Events.Updated(row, after) : resource.Events.Deleted(row));
                }
            }

            return result;
        }, cancellationToken);
    }

    /// <summary>Tells feeds that rows were inserted, changed or deleted by somebody else: a script, a trigger, another program.</summary>
    /// <remarks>What the rows were before nobody knows: a subscriber that sees only some rows, and cannot see one of these, gets all of its rows again.</remarks>
    /// <param name="context">A context that is made known to Tidings; inside its transaction, where there is one.</param>
    /// <param name="keys">The keys of the rows, at most 10,000; those that are gone are told as deleted.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <typeparam name="TEntity">The entity.</typeparam>
    public static async Task PublishChangedAsync<TEntity>(this DbContext context, IEnumerable<object> keys, CancellationToken cancellationToken = default)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(keys);
        var list = keys.Distinct().ToList();
        if (list.Count > MostRows)
        {
            throw new InvalidOperationException($"More than {MostRows} rows at once: tell of them in parts.");
        }

        await InTransactionAsync(context, async live =>
        {
            foreach (var resource in Shown<TEntity>(live, context))
            {
                // Locked, so that what is told is in order with what others commit.
                var now = (await resource.ReadAsync(context, list, forUpdate: true, async: true, cancellationToken)).ToDictionary(row => row[resource.KeyIndex]!);
                foreach (var key in list)
                {
                    live.PendingOf(context).Add(context, resource.Events.Found(key, now.GetValueOrDefault(key)));
                }
            }

            return list.Count;
        }, cancellationToken);
    }

    private static List<Tidings.EntityFrameworkCore.Resources.Resource> Shown<TEntity>(LiveContext live, DbContext context) =>
        live.ResourcesOf(context, typeof(TEntity)).ToList() is { Count: > 0 } shown ? shown
            : throw new InvalidOperationException($"No resource shows {typeof(TEntity).Name}: map one with MapResource or MapLiveResource.");

    private static Expression<Func<TEntity, bool>> In<TEntity>(ParameterExpression entity, string key, List<object> keys)
    {
        var property = Expression.Property(entity, key);
        var typed = Array.CreateInstance(property.Type, keys.Count);
        for (var i = 0; i < keys.Count; i++)
        {
            typed.SetValue(keys[i], i);
        }

        return Expression.Lambda<Func<TEntity, bool>>(
            Expression.Call(typeof(Enumerable), nameof(Enumerable.Contains), [property.Type], Expression.Constant(typed), property), entity);
    }

    private static async Task<int> InTransactionAsync(DbContext context, Func<LiveContext, Task<int>> work, CancellationToken cancellationToken)
    {
        var capture = ChangeCapture.Of(context);
        var live = capture.Live;
        if (!context.Database.IsRelational())
        {
            await live.Memory.EnterAsync(context, async: true, cancellationToken);
            try
            {
                var done = await work(live);
                var pending = live.PendingOf(context);
                live.Memory.Enqueue(pending.Take(null));
                pending.Committed();
                return done;
            }
            finally
            {
                live.Memory.Leave();
            }
        }

        if (context.Database.CurrentTransaction is { } current)
        {
            var done = await work(live);
            await capture.WriteAsync(context, null, current.TransactionId, async: true, cancellationToken);
            return done;
        }

        return await context.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            var done = await work(live);
            await transaction.CommitAsync(cancellationToken);
            return done;
        });
    }
}

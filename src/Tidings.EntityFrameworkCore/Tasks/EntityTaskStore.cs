using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tidings.Brokers;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.Tasks;

namespace Tidings.EntityFrameworkCore.Tasks;

/// <summary>Tasks in a relational database: each change is one statement there, by the database's clock. Safe from any thread.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "Made by the container.")]
[SuppressMessage("ApiDesign", "RS0030", Justification = "DateTime.UtcNow stands in queries alone, where it is the database's clock.")]
internal sealed class EntityTaskStore<TContext>(IServiceScopeFactory scopes, TimeProvider time) : ITaskStore
    where TContext : DbContext
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    public ValueTask<TaskAdded> TryAddAsync(TaskRecord record, TimeSpan due) =>
        RunAsync(
            async (context, token) =>
            {
                if (await Rows(context).AnyAsync(row => row.Id == record.Id, token))
                {
                    return TaskAdded.Exists;
                }

                try
                {
                    await InsertAsync(context, record, due, token);
                    return TaskAdded.Yes;
                }
                catch (DbUpdateException)
                {
                    // Somebody else was faster; or it is something else, which the question brings to light.
                    context.ChangeTracker.Clear();
                    if (await Rows(context).AnyAsync(row => row.Id == record.Id, token))
                    {
                        return TaskAdded.Exists;
                    }

                    throw;
                }
            },
            CancellationToken.None);

    public ValueTask<TaskRecord?> FindAsync(string id, CancellationToken cancellationToken = default) =>
        RunAsync(
            async (context, token) => Decode(await Rows(context).AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, token)),
            cancellationToken);

    public ValueTask<bool> TryReplaceAsync(TaskRecord record, long version, TimeSpan due)
    {
        var (status, json) = (record.State.Status.ToWire(), Encode(record));
        return RunAsync(
            async (context, token) => await Rows(context).Where(row => row.Id == record.Id && row.Version == version).ExecuteUpdateAsync(
                row => row.SetProperty(task => task.Version, record.Version).SetProperty(task => task.Status, status).SetProperty(task => task.Record, json)
                    .SetProperty(task => task.Due, _ => DateTime.UtcNow + due),
                token) == 1,
            CancellationToken.None);
    }

    public async ValueTask RemoveAsync(string id, long version) =>
        await RunAsync((context, token) => Rows(context).Where(row => row.Id == id && row.Version == version).ExecuteDeleteAsync(token), CancellationToken.None);

    public ValueTask<IReadOnlyList<TaskRecord>> ListDueAsync(int most, CancellationToken cancellationToken = default) =>
        RunAsync<IReadOnlyList<TaskRecord>>(
            async (context, token) =>
            {
                var rows = await Rows(context).AsNoTracking().Where(row => row.Due <= DateTime.UtcNow).OrderBy(row => row.Due).Take(most).ToListAsync(token);
                return [.. rows.Select(Decode).OfType<TaskRecord>()];
            },
            cancellationToken);

    public ValueTask<IReadOnlyList<TaskRecord>> ListAsync(int most, CancellationToken cancellationToken = default) =>
        RunAsync<IReadOnlyList<TaskRecord>>(
            async (context, token) =>
            {
                var rows = await Rows(context).AsNoTracking().OrderBy(row => row.Due).Take(most).ToListAsync(token);
                return [.. rows.Select(Decode).OfType<TaskRecord>()];
            },
            cancellationToken);

    // A convention of the model's may give every entity a query filter, as of tenants: tasks are all the server's.
    private static IQueryable<TaskRow> Rows(TContext context) => context.Set<TaskRow>().IgnoreQueryFilters();

    // The time is the database's: it is set where the row is, before anybody else can see it.
    private static Task InsertAsync(TContext context, TaskRecord record, TimeSpan due, CancellationToken cancellationToken) =>
        context.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            context.ChangeTracker.Clear();
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            context.Add(new TaskRow
            {
                Id = record.Id,
                Name = record.State.Name,
                Status = record.State.Status.ToWire(),
                Version = record.Version,
                Due = DateTime.UnixEpoch,
                Record = Encode(record),
            });
            await context.SaveChangesAsync(cancellationToken);
            await Rows(context).Where(row => row.Id == record.Id)
                .ExecuteUpdateAsync(row => row.SetProperty(task => task.Due, _ => DateTime.UtcNow + due), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        });

    private static string Encode(TaskRecord record) => Encoding.UTF8.GetString(TaskRecordJson.Write(record));

    private static TaskRecord? Decode(TaskRow? row) => row is null ? null : TaskRecordJson.Read(Encoding.UTF8.GetBytes(row.Record), row.Version);

    private async ValueTask<T> RunAsync<T>(Func<TContext, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            return await work(scope.ServiceProvider.GetRequiredService<TContext>(), either.Token);
        }
        catch (Exception error) when (IsAway(error) && !cancellationToken.IsCancellationRequested)
        {
            throw new BrokerUnavailableException("The database with the tasks cannot be reached.", error);
        }
    }

    private static bool IsAway(Exception error) => error is OperationCanceledException || DatabaseFault.IsPassing(error);
}

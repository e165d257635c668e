using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Tidings.EntityFrameworkCore.Databases;

namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>The statements of an outbox, in the words of its database. Immutable.</summary>
internal abstract class OutboxTable
{
    private static readonly ConcurrentDictionary<IModel, OutboxTable> Known = [];

    protected OutboxTable(DbContext context, IEntityType type)
    {
        var sql = context.GetService<ISqlGenerationHelper>();
        var store = StoreObjectIdentifier.Create(type, StoreObjectType.Table)!.Value;
        string Column(string property) => sql.DelimitIdentifier(type.FindProperty(property)!.GetColumnName(store)!);
        (Schema, Name) = (store.Schema, store.Name);
        Table = sql.DelimitIdentifier(store.Name, store.Schema);
        Id = Column(nameof(OutboxRow.Id));
        Channel = Column(nameof(OutboxRow.Channel));
        Columns = string.Join(", ", new[] { nameof(OutboxRow.Channel), nameof(OutboxRow.Key), nameof(OutboxRow.Data), nameof(OutboxRow.Hidden), nameof(OutboxRow.Transaction) }.Select(Column));
        Fetch = $"SELECT {Id}, {Columns} FROM {Table} ORDER BY {Id} LIMIT ";
    }

    /// <summary>Reads the oldest rows, as many as the number says that is put behind it: id, channel, key, data, hidden, transaction.</summary>
    public string Fetch { get; }

    /// <summary>What a snapshot of the database sees, in PostgreSQL's words, and the newest event of a channel in it that was not deleted.</summary>
    public abstract string Newest { get; }

    public string Name { get; }

    protected string? Schema { get; }

    protected string Table { get; }

    protected string Id { get; }

    protected string Channel { get; }

    protected string Columns { get; }

    /// <returns>Null where the model has no outbox, or the database can have none.</returns>
    public static OutboxTable? Of(DbContext context)
    {
        if (!context.Database.IsRelational() || context.Model.FindEntityType(typeof(OutboxRow)) is not { } type || DatabaseProvider.Of(context) is not { } provider)
        {
            return null;
        }

        return Known.TryGetValue(context.Model, out var table) ? table : Known.GetOrAdd(context.Model, Make(provider, context, type));
    }

    /// <summary>What asks what a snapshot of the database sees, in PostgreSQL's words, and which is the newest event of a channel in it that has no place in the log yet.</summary>
    /// <param name="connection">The connection that is to be asked.</param>
    /// <param name="transaction">Its transaction.</param>
    /// <param name="logs">What the nodes' logs are known by, where they are in a database.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public virtual ValueTask<string> NewestAsync(DbConnection connection, DbTransaction transaction, string? logs, CancellationToken cancellationToken) => ValueTask.FromResult(Newest);

    /// <summary>Writes events, inside the transaction that is the context's now.</summary>
    /// <param name="context">The context.</param>
    /// <param name="transaction">Its transaction; null for the one that is there, or none.</param>
    /// <param name="events">The events.</param>
    /// <param name="logs">What the nodes' logs are known by, where they are in a database: if it is this one, the events go there at once.</param>
    /// <param name="async">Whether it may wait.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask WriteAsync(DbContext context, DbTransaction? transaction, List<OutboxEvent> events, string? logs, bool async, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
        {
            return;
        }

        // Only where the caller has no transaction of the context's own is its connection closed.
        var database = context.Database;
        var wasOpen = database.GetDbConnection().State == System.Data.ConnectionState.Open;
        if (!wasOpen)
        {
            await (async ? database.OpenConnectionAsync(cancellationToken) : Run(database.OpenConnection));
        }

        try
        {
            var command = database.GetDbConnection().CreateCommand();
            await using var disposed = command.ConfigureAwait(false);
            command.Transaction = transaction ?? database.CurrentTransaction?.GetDbTransaction();
            await InsertAsync(command, events, logs, async, cancellationToken);
        }
        finally
        {
            if (!wasOpen)
            {
                await (async ? database.CloseConnectionAsync() : Run(database.CloseConnection));
            }
        }
    }

    /// <summary>Writes all events or none.</summary>
    protected abstract ValueTask InsertAsync(DbCommand command, List<OutboxEvent> events, string? logs, bool async, CancellationToken cancellationToken);

    private static OutboxTable Make(DatabaseProvider provider, DbContext context, IEntityType type) =>
        provider is SqliteProvider ? new SqliteOutboxTable(context, type) : new PostgreSqlOutboxTable(context, type);

    private static Task Run(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}

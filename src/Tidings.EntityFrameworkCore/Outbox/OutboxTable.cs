using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>The statements of an outbox, in the words of PostgreSQL. Immutable.</summary>
internal sealed class OutboxTable
{
    private static readonly ConcurrentDictionary<IModel, OutboxTable> Known = [];

    private OutboxTable(DbContext context, IEntityType type)
    {
        var sql = context.GetService<ISqlGenerationHelper>();
        var store = StoreObjectIdentifier.Create(type, StoreObjectType.Table)!.Value;
        string Column(string property) => sql.DelimitIdentifier(type.FindProperty(property)!.GetColumnName(store)!);
        var table = sql.DelimitIdentifier(store.Name, store.Schema);
        var id = Column(nameof(OutboxRow.Id));
        var columns = string.Join(", ", new[] { nameof(OutboxRow.Channel), nameof(OutboxRow.Key), nameof(OutboxRow.Data), nameof(OutboxRow.Hidden), nameof(OutboxRow.Transaction) }.Select(Column));
        Insert = $"INSERT INTO {table} ({columns}) SELECT c, k, d, h, pg_current_xact_id()::text::bigint FROM unnest(@c, @k, @d, @h) WITH ORDINALITY AS e (c, k, d, h, n) ORDER BY n";
        Fetch = $"SELECT {id}, {columns} FROM {table} ORDER BY {id} LIMIT ";
        Delete = $"DELETE FROM {table} WHERE {id} = ANY (@ids)";
        Newest = $"SELECT pg_current_snapshot()::text, (SELECT max({id}) FROM {table} WHERE {Column(nameof(OutboxRow.Channel))} = @channel)";
        LockKey = $"tidings:{store.Schema}.{store.Name}";
    }

    public string Fetch { get; }

    public string Delete { get; }

    /// <summary>What a snapshot of the database sees, and the newest event of a channel in it that was not deleted.</summary>
    public string Newest { get; }

    /// <summary>Names the lock of whoever publishes the rows.</summary>
    public string LockKey { get; }

    private string Insert { get; }

    public static OutboxTable Of(DbContext context, IEntityType type) => Known.TryGetValue(context.Model, out var table) ? table : Known.GetOrAdd(context.Model, new OutboxTable(context, type));

    /// <summary>Writes events in one statement, inside the transaction that is the context's now.</summary>
    public async ValueTask WriteAsync(DbContext context, DbTransaction? transaction, List<OutboxEvent> events, bool async, CancellationToken cancellationToken)
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
            var command = (NpgsqlCommand)database.GetDbConnection().CreateCommand();
            await using var disposed = command.ConfigureAwait(false);
            command.CommandText = Insert;
            command.Transaction = (NpgsqlTransaction?)(transaction ?? database.CurrentTransaction?.GetDbTransaction());
            command.Parameters.Add(new NpgsqlParameter("c", NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = events.Select(static e => e.Channel).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("k", NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = events.Select(static e => e.Key).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("d", NpgsqlDbType.Array | NpgsqlDbType.Bytea) { Value = events.Select(static e => e.Data).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("h", NpgsqlDbType.Array | NpgsqlDbType.Bytea) { Value = events.Select(static e => e.Hidden).ToArray() });
            if (async)
            {
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
            else
            {
#pragma warning disable VSTHRD103 // The caller saves without waiting.
                command.ExecuteNonQuery();
#pragma warning restore VSTHRD103
            }
        }
        finally
        {
            if (!wasOpen)
            {
                await (async ? database.CloseConnectionAsync() : Run(database.CloseConnection));
            }
        }
    }

    private static Task Run(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}

using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;
using NpgsqlTypes;

namespace Tidings.EntityFrameworkCore.Outbox;

/// <inheritdoc/>
internal sealed class PostgreSqlOutboxTable : OutboxTable
{
    private readonly string _insert;
    private readonly string _publish;
    private readonly string _newest;
    private readonly LogSchema _schema = new();

    public PostgreSqlOutboxTable(DbContext context, IEntityType type)
        : base(context, type)
    {
        _insert = $"INSERT INTO {Table} ({Columns}) SELECT c, k, d, h, pg_current_xact_id()::text::bigint FROM unnest(@c, @k, @d, @h) WITH ORDINALITY AS e (c, k, d, h, n) ORDER BY n";

        // What waits in the table was committed before: it is published first, and what comes now after it.
        _publish = $"""
            WITH straight AS MATERIALIZED (SELECT CASE WHEN EXISTS (SELECT FROM {Table}) THEN false ELSE tidings.publish_rows_1(@g, @c, @k, @d, @h) END AS done)
            INSERT INTO {Table} ({Columns})
            SELECT c, k, d, h, pg_current_xact_id()::text::bigint FROM straight, unnest(@c, @k, @d, @h) WITH ORDINALITY AS e (c, k, d, h, n) WHERE NOT straight.done ORDER BY n
            """;

        // Numbers of the table are not those of the logs' inbox: while some of it waits, no number says what comes after it.
        _newest = $"SELECT pg_current_snapshot()::text, CASE WHEN EXISTS (SELECT FROM {Table} WHERE {Channel} = @channel) THEN {long.MaxValue} ELSE tidings.waiting_1(@channel) END";
        Delete = $"DELETE FROM {Table} WHERE {Id} = ANY (@ids)";
        Newest = $"SELECT pg_current_snapshot()::text, (SELECT max({Id}) FROM {Table} WHERE {Channel} = @channel)";
        LockKey = $"tidings:{Schema}.{Name}";
    }

    public override string Newest { get; }

    public string Delete { get; }

    /// <summary>Names the lock of the node that publishes the rows.</summary>
    public string LockKey { get; }

    public override async ValueTask<string> NewestAsync(DbConnection connection, DbTransaction transaction, string? logs, CancellationToken cancellationToken) =>
        logs is not null && await _schema.IsInAsync(connection, transaction, logs, async: true, cancellationToken) ? _newest : Newest;

    protected override async ValueTask InsertAsync(DbCommand command, List<OutboxEvent> events, string? logs, bool async, CancellationToken cancellationToken)
    {
        command.CommandText = _insert;
        if (logs is not null && await _schema.IsInAsync(command.Connection!, command.Transaction, logs, async, cancellationToken))
        {
            command.CommandText = _publish;
            command.Parameters.Add(new NpgsqlParameter("g", NpgsqlDbType.Text) { Value = logs });
        }

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
}

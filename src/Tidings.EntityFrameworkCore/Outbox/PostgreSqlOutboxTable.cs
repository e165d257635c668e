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

    public PostgreSqlOutboxTable(DbContext context, IEntityType type)
        : base(context, type)
    {
        _insert = $"INSERT INTO {Table} ({Columns}) SELECT c, k, d, h, pg_current_xact_id()::text::bigint FROM unnest(@c, @k, @d, @h) WITH ORDINALITY AS e (c, k, d, h, n) ORDER BY n";
        Delete = $"DELETE FROM {Table} WHERE {Id} = ANY (@ids)";
        Newest = $"SELECT pg_current_snapshot()::text, (SELECT max({Id}) FROM {Table} WHERE {Channel} = @channel)";
        LockKey = $"tidings:{Schema}.{Name}";
    }

    public override string Newest { get; }

    public string Delete { get; }

    /// <summary>Names the lock of the node that publishes the rows.</summary>
    public string LockKey { get; }

    protected override async ValueTask InsertAsync(DbCommand command, List<OutboxEvent> events, bool async, CancellationToken cancellationToken)
    {
        command.CommandText = _insert;
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

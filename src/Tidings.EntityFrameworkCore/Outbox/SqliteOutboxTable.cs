using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Tidings.EntityFrameworkCore.Outbox;

/// <inheritdoc/>
/// <remarks>Ids are given while the transaction is the one that writes, so they are in the order of commits, and one that was given is never given again (AUTOINCREMENT): the largest
/// that a reading has seen says which events it holds. The column of the transaction has a random number, which tells an event from that of another file of the same name.</remarks>
internal sealed class SqliteOutboxTable : OutboxTable
{
    private readonly string _insert;

    public SqliteOutboxTable(DbContext context, IEntityType type)
        : base(context, type)
    {
        _insert = $"INSERT INTO {Table} ({Columns}) VALUES ($channel, $key, $data, $hidden, $transaction)";
        Delete = $"DELETE FROM {Table} WHERE {Id} IN (SELECT value FROM json_each($ids))";
        Newest = $"""
            SELECT printf('%d:%d:', given + 1, given + 1), (SELECT max({Id}) FROM {Table} WHERE {Channel} = @channel)
            FROM (SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{Name.Replace("'", "''", StringComparison.Ordinal)}'), 0) AS given)
            """;
    }

    public override string Newest { get; }

    public string Delete { get; }

    protected override ValueTask InsertAsync(DbCommand command, List<OutboxEvent> events, string? logs, bool async, CancellationToken cancellationToken)
    {
        Insert((SqliteCommand)command, events);
        return ValueTask.CompletedTask;
    }

    // SQLite is in this process: there is nothing to wait for but another writer.
    private void Insert(SqliteCommand sqlite, List<OutboxEvent> events)
    {
        using var own = sqlite.Transaction is null ? sqlite.Connection!.BeginTransaction() : null;
        sqlite.Transaction ??= own;
        sqlite.CommandText = _insert;
        var number = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) & long.MaxValue;
        var (channel, key, data, hidden) = (sqlite.Parameters.Add("$channel", SqliteType.Text), sqlite.Parameters.Add("$key", SqliteType.Text), sqlite.Parameters.Add("$data", SqliteType.Blob), sqlite.Parameters.Add("$hidden", SqliteType.Blob));
        sqlite.Parameters.AddWithValue("$transaction", number);
        foreach (var e in events)
        {
            channel.Value = e.Channel;
            key.Value = e.Key ?? (object)DBNull.Value;
            data.Value = e.Data;
            hidden.Value = e.Hidden ?? (object)DBNull.Value;
            sqlite.ExecuteNonQuery();
        }

        own?.Commit();
    }
}

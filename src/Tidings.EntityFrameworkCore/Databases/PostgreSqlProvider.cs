using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Tidings.EntityFrameworkCore.Databases;

/// <summary>PostgreSQL, by Npgsql.</summary>
internal sealed class PostgreSqlProvider : DatabaseProvider
{
    public override string ByteOrder => "C";

    public override string LockingSql(string table, string key) => $"SELECT * FROM {table} WHERE {key} = ANY ({{0}}) ORDER BY {key} FOR UPDATE";

    public override async ValueTask<ReadingTransaction> BeginReadingAsync(DbContext context, CancellationToken cancellationToken) =>
        new Reading(await context.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken));

    private sealed class Reading(IDbContextTransaction transaction) : ReadingTransaction
    {
        public override DbTransaction Transaction => transaction.GetDbTransaction();

        public override ValueTask DisposeAsync() => transaction.DisposeAsync();
    }
}

using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Tidings.EntityFrameworkCore.Databases;

/// <summary>SQLite, in a file. It has one writer at a time: a transaction that changes rows keeps all others away, and ids of the outbox are in the order of commits.</summary>
internal sealed class SqliteProvider : DatabaseProvider
{
    public override string ByteOrder => "BINARY";

    public override string? Fault(DbContext context)
    {
        var settings = new SqliteConnectionStringBuilder(context.Database.GetDbConnection().ConnectionString);
        return settings.Mode == SqliteOpenMode.Memory || settings.DataSource.Length == 0 || settings.DataSource.Contains(":memory:", StringComparison.Ordinal)
            ? $"{context.GetType().Name} is on a SQLite database in memory, which its contexts cannot share safely: name a file (Data Source=app.db), or use EF Core's in-memory provider."
            : null;
    }

    // Deferred: it does not become the one writer. The first statement fixes what it sees.
    public override async ValueTask<ReadingTransaction> BeginReadingAsync(DbContext context, CancellationToken cancellationToken)
    {
        var database = context.Database;
        await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = ((SqliteConnection)database.GetDbConnection()).BeginTransaction(IsolationLevel.Serializable, deferred: true);
            return new Reading(database, transaction, await database.UseTransactionAsync(transaction, cancellationToken));
        }
        catch
        {
            await database.CloseConnectionAsync();
            throw;
        }
    }

    private sealed class Reading(Microsoft.EntityFrameworkCore.Infrastructure.DatabaseFacade database, DbTransaction transaction, IDbContextTransaction? used) : ReadingTransaction
    {
        public override DbTransaction Transaction => transaction;

        public override async ValueTask DisposeAsync()
        {
            if (used is not null)
            {
                await used.DisposeAsync();
            }

            await transaction.DisposeAsync();
            await database.CloseConnectionAsync();
        }
    }
}

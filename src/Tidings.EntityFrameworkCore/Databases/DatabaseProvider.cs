using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Tidings.EntityFrameworkCore.Databases;

/// <summary>What live resources and the outbox need of a relational database, in its own words. Safe from any thread.</summary>
internal abstract class DatabaseProvider
{
    private static readonly PostgreSqlProvider PostgreSql = new();
    private static readonly SqliteProvider Sqlite = new();

    /// <summary>What orders and compares texts by their bytes.</summary>
    public abstract string ByteOrder { get; }

    /// <returns>Null where the context's database has no outbox.</returns>
    public static DatabaseProvider? Of(DbContext context) => context.Database.ProviderName switch
    {
        "Npgsql.EntityFrameworkCore.PostgreSQL" => PostgreSql,
        "Microsoft.EntityFrameworkCore.Sqlite" => Sqlite,
        _ => null,
    };

    /// <summary>Why this very database can have none, or null.</summary>
    public virtual string? Fault(DbContext context) => null;

    /// <summary>Reads rows of a table and locks them until the commit; null where a transaction keeps all other writers away by itself.</summary>
    public virtual string? LockingSql(string table, string key) => null;

    /// <summary>Begins a transaction in which each statement sees what the first one does, and in which nobody waits for the reader.</summary>
    public abstract ValueTask<ReadingTransaction> BeginReadingAsync(DbContext context, CancellationToken cancellationToken);
}

/// <summary>A transaction that reads.</summary>
internal abstract class ReadingTransaction : IAsyncDisposable
{
    public abstract DbTransaction Transaction { get; }

    public abstract ValueTask DisposeAsync();
}

using System.Net.Sockets;
using Npgsql;
using Tidings.Brokers;

namespace Tidings.PostgreSql.Databases;

/// <summary>What a fault of the database means for whoever asked.</summary>
internal static class PostgreSqlFault
{
    /// <summary>What there is to be told of a pooler that gives one session's statements to several.</summary>
    public const string Pooled = "something between takes the session away, as PgBouncer does with pool_mode=transaction. Connect to PostgreSQL itself, or to a pool with pool_mode=session.";

    private const string Generation = "TD001";

    /// <summary>Whether it is one of the database or of the way to it.</summary>
    public static bool Is(Exception error) => error is NpgsqlException or TimeoutException or SocketException or IOException or ObjectDisposedException or InvalidOperationException { Source: "Npgsql" };

    /// <summary>Whether the logs belong to another generation than was asked for. Nothing was done.</summary>
    public static bool IsGeneration(Exception error) => error is PostgresException { SqlState: Generation };

    /// <summary>Whether two that worked at the same time got in each other's way, and the same will do when it is asked for again. Nothing was done.</summary>
    public static bool IsConflict(Exception error) => error is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure };

    /// <summary>Whether the statement itself is at fault, and others that go with it may do. Nothing was done.</summary>
    public static bool IsOfContent(Exception error) => error is PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] };

    /// <summary>Whether the session may only read. Nothing was done.</summary>
    public static bool IsReadOnly(Exception? error) => error is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction };

    /// <summary>Whether the connection is of no use any more.</summary>
    public static bool IsLost(Exception error) => error is not PostgresException { SqlState: not (['5', '7', 'P', ..] or ['0', '8', ..]) };

    /// <summary>The same in words that everybody understands.</summary>
    public static BrokerUnavailableException Translate(Exception error) => error switch
    {
        BrokerUnavailableException unavailable => unavailable,
        _ when error.InnerException is BrokerUnavailableException inner => inner,
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => Refused("PostgreSQL is read-only", error),
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => Refused("PostgreSQL's disk is full", error),
        PostgresException { SqlState: PostgresErrorCodes.OutOfMemory } => Refused("PostgreSQL is out of memory", error),
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable } => new BrokerUnavailableException("PostgreSQL did not answer in time: something else holds a lock, or it is overloaded.", error),
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } insufficient => new BrokerUnavailableException($"The role may not do what a node does: {insufficient.MessageText}. The owner of the schema tidings grants it: tidings postgres init --role NAME.", error),
        PostgresException { SqlState: PostgresErrorCodes.DuplicatePreparedStatement or PostgresErrorCodes.InvalidSqlStatementName } => new BrokerUnavailableException($"Statements are not those of this session: {Pooled}", error),
        PostgresException postgres => new BrokerUnavailableException($"PostgreSQL refused: {postgres.MessageText} ({postgres.SqlState}).", error),
        _ => new BrokerUnavailableException("PostgreSQL is away.", error),
    };

    private static BrokerUnavailableException Refused(string why, Exception error) => new($"{why}; nothing can be published until that is mended.", error) { Refusal = why };
}

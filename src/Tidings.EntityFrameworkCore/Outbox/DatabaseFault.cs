using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;
using Tidings.Brokers;

namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>Tells errors of a database that pass from those that the same request will always meet.</summary>
internal static class DatabaseFault
{
    // Of SQLite: a value that fits nowhere.
    private const int TooBig = 18;
    private const int Mismatch = 20;

    // Classes of SQLSTATE (PostgreSQL, appendix A): what was asked is wrong, and stays so.
    private static readonly string[] Permanent = ["0A", "0L", "0P", "20", "21", "22", "23", "26", "2B", "34", "38", "39", "3B", "3F", "42", "44", "P0"];

    /// <summary>Whether it may succeed later: the database or the broker is away, busy, or has broken off a conflict.</summary>
    public static bool IsPassing(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case PostgresException refused:
                    return !IsPermanent(refused.SqlState);
                case SqliteException refused:
                    return IsPassing(refused);
                case DbException other:
                    return other.SqlState is not { } state || !IsPermanent(state);
                case BrokerUnavailableException or TimeoutException or SocketException or IOException:
                    return true;
            }
        }

        return false;
    }

    /// <summary>Whether a value was refused: by PostgreSQL, or by its driver before it was sent.</summary>
    public static bool IsOfValue(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is PostgresException { SqlState: ['2', '2', ..] } or SqliteException { SqliteErrorCode: Mismatch or TooBig } or ArgumentException or InvalidCastException or OverflowException or FormatException or NotSupportedException)
            {
                return true;
            }
        }

        return false;
    }

    // Busy, locked, no memory, read-only, interrupted, a failed disk, a full one, a file that cannot be opened, a lock protocol; and tables that are not there yet.
    private static bool IsPassing(SqliteException error) => error.SqliteErrorCode is (>= 5 and <= 10) or (>= 13 and <= 15) || error.Message.Contains("no such table", StringComparison.Ordinal);

    // Tables that are not there yet are being made or migrated.
    private static bool IsPermanent(string state) => state.Length >= 2 && Permanent.Contains(state[..2]) && state is not ("42P01" or "3F000");
}

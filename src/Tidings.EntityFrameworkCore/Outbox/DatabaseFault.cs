using System.Data.Common;
using System.Net.Sockets;
using Npgsql;
using Tidings.Brokers;

namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>Tells errors of a database that pass from those that the same request will always meet.</summary>
internal static class DatabaseFault
{
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
            if (cause is PostgresException { SqlState: ['2', '2', ..] } or ArgumentException or InvalidCastException or OverflowException or FormatException or NotSupportedException)
            {
                return true;
            }
        }

        return false;
    }

    // Tables that are not there yet are being made or migrated.
    private static bool IsPermanent(string state) => state.Length >= 2 && Permanent.Contains(state[..2]) && state is not ("42P01" or "3F000");
}

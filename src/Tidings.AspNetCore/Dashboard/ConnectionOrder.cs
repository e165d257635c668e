using Tidings.Reports;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>An order of connections: by a column of the table, and where that is the same the newest first.</summary>
internal sealed class ConnectionOrder : IComparer<ConnectionRow>
{
    public const string Ascending = "ascending";

    public const string Descending = "descending";

    /// <summary>What may be asked for.</summary>
    public static readonly string Rule = $"sort is one of connection, user, purpose, protocol, transport, address, age, queue; order is {Ascending} or {Descending}.";

    public static readonly ConnectionOrder NewestFirst = new(static (_, _) => 0, descending: false);

    private readonly Comparison<ConnectionRow> _column;
    private readonly int _sign;

    private ConnectionOrder(Comparison<ConnectionRow> column, bool descending) => (_column, _sign) = (column, descending ? -1 : 1);

    /// <returns>Null where there is no such column, or no such direction.</returns>
    public static ConnectionOrder? By(string column, string direction)
    {
        Comparison<ConnectionRow>? comparison = column switch
        {
            "connection" => static (a, b) => string.CompareOrdinal(a.Id, b.Id),
            "user" => static (a, b) => string.Compare(a.User, b.User, StringComparison.OrdinalIgnoreCase),
            "purpose" => static (a, b) => string.CompareOrdinal(a.Purpose, b.Purpose) is not 0 and var named ? named : a.Subscriptions.CompareTo(b.Subscriptions),
            "protocol" => static (a, b) => string.CompareOrdinal(a.Protocol, b.Protocol),
            "transport" => static (a, b) => a.Transport.CompareTo(b.Transport),
            "address" => static (a, b) => string.CompareOrdinal(a.Address, b.Address),
            "age" => static (a, b) => b.Number.CompareTo(a.Number),
            "queue" => static (a, b) => a.QueuedBytes.CompareTo(b.QueuedBytes),
            _ => null,
        };
        return comparison is not null && direction is Ascending or Descending ? new ConnectionOrder(comparison, direction == Descending) : null;
    }

    public int Compare(ConnectionRow? x, ConnectionRow? y) => _sign * _column(x!, y!) is not 0 and var different ? different : y!.Number.CompareTo(x!.Number);
}

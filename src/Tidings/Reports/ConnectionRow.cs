using Tidings.Channels;
using Tidings.Connections;
using Tidings.Sessions;

namespace Tidings.Reports;

/// <summary>A connection of this node, as people see it in a list.</summary>
/// <param name="Number">Names it on this node.</param>
/// <param name="Id">Its public id, where it speaks the channel protocol.</param>
/// <param name="Name">What it is called outside: its public id, or where it has none another one (<see cref="Connection.SharedId"/>).</param>
/// <param name="User">The user's id, or null.</param>
/// <param name="Purpose">What it listens to, where that is one thing.</param>
/// <param name="Protocol">What it speaks.</param>
/// <param name="Transport">What carries it.</param>
/// <param name="Address">Where from; empty where that is not counted.</param>
/// <param name="Age">For how many milliseconds it has been open.</param>
/// <param name="QueuedBytes">What waits for it.</param>
/// <param name="Subscriptions">Channels.</param>
internal sealed record ConnectionRow(
    long Number, string? Id, string Name, string? User, string? Purpose, string Protocol, TransportKind Transport, string Address, long Age, int QueuedBytes, int Subscriptions)
{
    /// <summary>On the connection's lane.</summary>
    public static ConnectionRow From(Connection connection)
    {
        var session = connection.Tag as ChannelSession;
        var channel = (connection.Tag as Subscription)?.Channel?.Name;
        return new ConnectionRow(
            connection.Id, session?.Id, session?.Id ?? connection.SharedId, connection.Identity?.User, channel, connection.ProtocolName, connection.Transport, connection.Address.ToString(), connection.Age,
            connection.QueuedBytes, session?.Count ?? (channel is null ? 0 : 1));
    }

    /// <summary>Whether <paramref name="search"/> occurs in what names it.</summary>
    public bool Matches(string search) =>
        Has(Id, search) || Has(User, search) || Has(Purpose, search) || Has(Protocol, search) || Has(Address, search) || Has(Number.ToString(System.Globalization.CultureInfo.InvariantCulture), search);

    private static bool Has(string? text, string search) => text?.Contains(search, StringComparison.OrdinalIgnoreCase) == true;
}

using Tidings.Nodes;

namespace Tidings.Engine;

/// <content>What all nodes hold.</content>
internal sealed partial class TidingsFacade
{
    private const int MostPerPage = 1000;

    public ValueTask<ChannelOccupancy> ChannelAsync(string channel, CancellationToken cancellationToken)
    {
        Check(channel);
        return inventory.ChannelAsync(channel, cancellationToken: cancellationToken);
    }

    public async ValueTask<NodePage<OccupiedChannel>> ChannelsAsync(string? prefix, int limit, string? after, CancellationToken cancellationToken)
    {
        CheckPage(limit);
        var page = await inventory.ChannelsAsync(Query(NodeListKind.Channels, limit, after) with { Prefix = prefix }, cancellationToken: cancellationToken).ConfigureAwait(false);
        return new NodePage<OccupiedChannel>([.. page.Rows.Select(static row => new OccupiedChannel(row.Name, row.Count))], page.Next, page.Missing);
    }

    public async ValueTask<NodePage<ListedConnection>> ConnectionsAsync(string? user, string? channel, int limit, string? after, CancellationToken cancellationToken)
    {
        CheckPage(limit);
        var query = Query(NodeListKind.Connections, limit, after) with { User = user, Channel = channel };
        var page = await inventory.ConnectionsAsync(query, cancellationToken: cancellationToken).ConfigureAwait(false);
        return new NodePage<ListedConnection>([.. page.Rows.Select(static row => new ListedConnection(row.Name, row.User, row.Count, row.Node))], page.Next, page.Missing);
    }

    public ValueTask<OnlineUsers> OnlineAsync(IReadOnlyList<string> users, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(users);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(users.Count, MostPerPage, nameof(users));
        return inventory.OnlineAsync(users, cancellationToken);
    }

    private static NodeListQuery Query(NodeListKind of, int limit, string? after) => new() { Of = of, Limit = limit, After = after };

    private static void CheckPage(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MostPerPage);
    }
}

using Tidings.Brokers;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Rules;

namespace Tidings.Engine;

/// <summary>What all nodes hold: channels, who subscribes, connections. Safe from any thread.</summary>
/// <param name="node">This node's name.</param>
/// <param name="everywhere">Asks the nodes.</param>
/// <param name="broker">The logs.</param>
/// <param name="presence">Who is there.</param>
/// <param name="kinds">Which channels have presence.</param>
/// <param name="lastSeen">When users were last connected.</param>
internal sealed class Inventory(string node, Everywhere everywhere, IBroker broker, IPresenceStore presence, ChannelKinds kinds, ILastSeen lastSeen)
{
    /// <summary>Channels that somebody is subscribed to, each once with all its subscribers.</summary>
    /// <param name="query">Which.</param>
    /// <param name="hereAlone">Whether those of this node alone are meant.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="BrokerUnavailableException">The other nodes cannot be reached.</exception>
    public ValueTask<InventoryPage> ChannelsAsync(NodeListQuery query, bool hereAlone = false, CancellationToken cancellationToken = default) =>
        ListAsync(query with { Of = NodeListKind.Channels }, hereAlone, cancellationToken);

    /// <summary>Connections of the channel protocol, by id.</summary>
    /// <inheritdoc cref="ChannelsAsync"/>
    public ValueTask<InventoryPage> ConnectionsAsync(NodeListQuery query, bool hereAlone = false, CancellationToken cancellationToken = default) =>
        ListAsync(query with { Of = NodeListKind.Connections }, hereAlone, cancellationToken);

    /// <summary>The name of the other node that a connection belongs to; null where none says that it does.</summary>
    /// <exception cref="BrokerUnavailableException">The other nodes cannot be reached.</exception>
    public async ValueTask<string?> NodeOfAsync(string connection, CancellationToken cancellationToken = default)
    {
        var (rows, _) = await AskAsync(new NodeListQuery { Of = NodeListKind.NamedConnections, Names = [connection] }, hereAlone: false, cancellationToken).ConfigureAwait(false);

        // A node of an older version lists others.
        return rows.FirstOrDefault(entry => entry.Row.Name == connection && entry.Node != node).Node;
    }

    /// <summary>How many subscribers channels have.</summary>
    /// <returns>For each of the channels, and who did not answer.</returns>
    /// <exception cref="BrokerUnavailableException">The other nodes cannot be reached.</exception>
    public ValueTask<(IReadOnlyDictionary<string, int> Counts, IReadOnlyList<string> Missing)> CountAsync(IReadOnlyList<string> channels, bool hereAlone = false, CancellationToken cancellationToken = default) =>
        CountAsync(NodeListKind.Subscribers, channels, hereAlone, cancellationToken);

    /// <summary>Who of some users is connected, and when the others were.</summary>
    /// <exception cref="BrokerUnavailableException">The other nodes, or what is known of those who are away, cannot be reached.</exception>
    public async ValueTask<OnlineUsers> OnlineAsync(IReadOnlyList<string> users, CancellationToken cancellationToken = default)
    {
        var (counts, missing) = await CountAsync(NodeListKind.Users, users, hereAlone: false, cancellationToken).ConfigureAwait(false);
        var away = counts.Where(static entry => entry.Value == 0).Select(static entry => entry.Key).ToList();
        var seen = away.Count == 0 ? new Dictionary<string, long>() : await lastSeen.ReadAsync(away, cancellationToken).ConfigureAwait(false);
        return new OnlineUsers(
            counts.Where(entry => entry.Value > 0 || seen.ContainsKey(entry.Key))
                .ToDictionary(static entry => entry.Key, entry => new OnlineUser(entry.Value, entry.Value > 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(seen[entry.Key])), StringComparer.Ordinal),
            missing);
    }

    /// <summary>Forgets when a user was last connected.</summary>
    /// <returns>Whether it was known.</returns>
    /// <exception cref="BrokerUnavailableException">What is known cannot be reached.</exception>
    public ValueTask<bool> EraseUserAsync(string user) => lastSeen.EraseAsync(user);

    /// <summary>One channel, which need not be there; nothing is made for it.</summary>
    /// <exception cref="BrokerUnavailableException">The log or the other nodes cannot be reached.</exception>
    public async ValueTask<ChannelOccupancy> ChannelAsync(string channel, bool hereAlone = false, CancellationToken cancellationToken = default)
    {
        var (counts, missing) = await CountAsync([channel], hereAlone, cancellationToken).ConfigureAwait(false);
        int? users = kinds.Find(channel).Presence ? (await presence.ReadAsync(channel, 0, cancellationToken).ConfigureAwait(false)).Count : null;
        var log = await broker.ReadAsync(channel, default, cancellationToken).ConfigureAwait(false);
        return new ChannelOccupancy(channel, counts[channel], users, log.Top) { Missing = missing };
    }

    private async ValueTask<(IReadOnlyDictionary<string, int> Counts, IReadOnlyList<string> Missing)> CountAsync(NodeListKind of, IReadOnlyList<string> names, bool hereAlone, CancellationToken cancellationToken)
    {
        // A name that is asked for twice is counted once.
        names = [.. names.Distinct(StringComparer.Ordinal)];
        var (rows, missing) = await AskAsync(new NodeListQuery { Of = of, Names = names }, hereAlone, cancellationToken).ConfigureAwait(false);
        var counts = names.ToDictionary(static name => name, static _ => 0, StringComparer.Ordinal);
        foreach (var (_, row) in rows)
        {
            if (counts.ContainsKey(row.Name))
            {
                counts[row.Name] += row.Count;
            }
        }

        return (counts, missing);
    }

    // Whatever is among the first of all nodes is among the first of each that has it: a page of each is enough for a page of all.
    private async ValueTask<InventoryPage> ListAsync(NodeListQuery query, bool hereAlone, CancellationToken cancellationToken)
    {
        var (rows, missing) = await AskAsync(query with { Limit = query.Limit + 1 }, hereAlone, cancellationToken).ConfigureAwait(false);
        var merged = rows
            .GroupBy(static entry => entry.Row.Name, StringComparer.Ordinal)
            .OrderBy(static group => group.Key, StringComparer.Ordinal)
            .Take(query.Limit + 1)
            .Select(static group => group.First() is var (node, row) ? new InventoryRow(row.Name, group.Sum(static entry => entry.Row.Count), row.User, node, row.Protocol) : null!)
            .ToList();
        return new InventoryPage(merged.Count > query.Limit ? merged[..query.Limit] : merged, merged.Count > query.Limit ? merged[query.Limit - 1].Name : null, missing);
    }

    private async ValueTask<(IEnumerable<(string Node, NodeListRow Row)> Rows, IReadOnlyList<string> Missing)> AskAsync(NodeListQuery query, bool hereAlone, CancellationToken cancellationToken)
    {
        if (hereAlone)
        {
            return ((await everywhere.ListHereAsync(query).ConfigureAwait(false)).Select(row => (node, row)), []);
        }

        var (parts, missing) = await everywhere.ListAsync(query, node, cancellationToken).ConfigureAwait(false);
        return (parts.SelectMany(static part => part.Rows.Select(row => (part.Node, row))), missing);
    }
}

/// <summary>An entry of a list of all nodes.</summary>
/// <param name="Name">The channel, or the connection's id.</param>
/// <param name="Count">The channel's subscribers on all nodes, or the connection's subscriptions.</param>
/// <param name="User">The connection's user, or null.</param>
/// <param name="Node">The connection's node.</param>
/// <param name="Protocol">What the connection speaks; null for a channel, and where its node does not say it.</param>
internal sealed record InventoryRow(string Name, int Count, string? User, string Node, string? Protocol);

/// <summary>A page of a list.</summary>
/// <param name="Rows">In the order of names.</param>
/// <param name="Next">Behind which name the next page begins; null on the last.</param>
/// <param name="Missing">The nodes that did not answer.</param>
internal sealed record InventoryPage(IReadOnlyList<InventoryRow> Rows, string? Next, IReadOnlyList<string> Missing);

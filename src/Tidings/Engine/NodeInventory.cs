using Tidings.Channels;
using Tidings.Connections;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Sessions;

namespace Tidings.Engine;

/// <summary>What this node holds, listed. Safe from any thread.</summary>
internal sealed class NodeInventory(Hub hub, ConnectionRegistry registry, ConnectionDirectory directory, ConnectionFollowers followers)
{
    /// <summary>The most that one answer lists.</summary>
    public const int MostRows = 1001;

    // Of names that are counted.
    private const int MostCounted = 10_000;

    public async ValueTask<IReadOnlyList<NodeListRow>> ListAsync(NodeListQuery query)
    {
        var limit = Math.Clamp(query.Limit, 0, MostRows);
        return query.Of switch
        {
            NodeListKind.Channels => ListChannels(query, limit),
            NodeListKind.Subscribers => Count(query.Names, hub.CountMembers),
            NodeListKind.Users => Count(query.Names, directory.CountUser),
            NodeListKind.NamedConnections => await FindConnectionsAsync(query.Names ?? []).ConfigureAwait(false),
            _ => await ListConnectionsAsync(query, limit).ConfigureAwait(false),
        };
    }

    /// <summary>The first of some by name: one pass that keeps so many, and sorts no more than these.</summary>
    public static List<NodeListRow> First(IEnumerable<NodeListRow> rows, string? after, int limit)
    {
        var kept = new PriorityQueue<NodeListRow, string>(Math.Min(limit, MostRows) + 1, Comparer<string>.Create(static (a, b) => string.CompareOrdinal(b, a)));
        foreach (var row in rows)
        {
            if (after is not null && string.CompareOrdinal(row.Name, after) <= 0)
            {
                continue;
            }

            kept.Enqueue(row, row.Name);
            if (kept.Count > limit)
            {
                kept.Dequeue();
            }
        }

        return [.. kept.UnorderedItems.Select(static entry => entry.Element).OrderBy(static row => row.Name, StringComparer.Ordinal)];
    }

    private List<NodeListRow> ListChannels(NodeListQuery query, int limit)
    {
        var pattern = query.Pattern is { } text && ChannelPattern.Fault(text) is null ? new ChannelPattern(text) : null;
        return First(
            hub.List()
                .Where(entry => entry.Subscribers > 0 && (query.Prefix is null || entry.Channel.StartsWith(query.Prefix, StringComparison.Ordinal)) && pattern?.Matches(entry.Channel) != false)
                .Select(static entry => new NodeListRow(entry.Channel, entry.Subscribers)),
            query.After,
            limit);
    }

    private static List<NodeListRow> Count(IReadOnlyList<string>? names, Func<string, int> countOf) =>
        [.. (names ?? []).Take(MostCounted).Select(name => new NodeListRow(name, countOf(name))).Where(static row => row.Count > 0)];

    private async Task<List<NodeListRow>> FindConnectionsAsync(IReadOnlyList<string> names)
    {
        var found = new List<NodeListRow>();
        foreach (var name in names.Take(MostRows))
        {
            if (await followers.FindAsync(name).ConfigureAwait(false) is not null)
            {
                found.Add(new NodeListRow(name, 1));
            }
        }

        return found;
    }

    private async Task<List<NodeListRow>> ListConnectionsAsync(NodeListQuery query, int limit)
    {
        // What a session subscribes to is known on its lane.
        var ofUser = query.User is { } user ? directory.FindUser(user).ToHashSet() : null;
        if (ofUser is { Count: 0 })
        {
            return [];
        }

        var rows = await registry.ListAsync(
            connections => First(
                connections.Where(connection => ofUser?.Contains(connection) != false)
                    .Select(static connection => connection.Tag).OfType<ChannelSession>()
                    .Where(session => !session.IsRequest && (query.Channel is null || session.Find(query.Channel) is not null))
                    .Select(static session => new NodeListRow(session.Id, session.Count, session.User, session.Dialect.ProtocolName)),
                query.After,
                limit),
            CancellationToken.None).ConfigureAwait(false);
        return First(rows, query.After, limit);
    }
}

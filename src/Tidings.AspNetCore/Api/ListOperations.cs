using System.ComponentModel;
using Tidings.AspNetCore.Services;
using Tidings.Engine;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Api;

/// <summary>Operations that list what the nodes hold: channels, connections; and what this one is. Lists come by pages, in the order of names.</summary>
internal static class ListOperations
{
    private const int MostPerPage = 1000;
    private const int DefaultPerPage = 100;
    private const string ScopeMeaning = "node: of the node that answers alone. All nodes where it is left out.";

    public static IEnumerable<ApiOperation> All(Edge tidings) =>
    [
        new ApiOperation<ChannelsQuery>(
            "channels", "Channels that somebody is subscribed to, on all nodes.", ApiJson.Default.ChannelsQuery, typeof(ChannelsAnswer),
            (request, cancellationToken) => ChannelsAsync(tidings.Node, request, cancellationToken))
        {
            Query = ((Delegate)DescribeChannels).Method,
            FromQuery = static query => new ChannelsQuery(query.Text("pattern"), query.Text("after"), query.Number("limit"), query.Text("prefix"), query.Text("channel"), query.Text("scope")),
        },
        new ApiOperation<ChannelQuery>(
            "channel", "How many are subscribed to a channel on all nodes, and where its log stands; nothing is made for one that nobody uses.", ApiJson.Default.ChannelQuery, typeof(ChannelAnswer),
            (request, cancellationToken) => ChannelAsync(tidings.Node, request, cancellationToken))
        {
            Route = "channels/{**channel}",
            RouteValue = "channel",
            Query = ((Delegate)DescribeChannel).Method,
            FromQuery = static query => new ChannelQuery(query.Text("channel"), query.Text("scope")),
        },
        new ApiOperation<ConnectionsQuery>(
            "connections", "Connections of the channel protocol, on all nodes.", ApiJson.Default.ConnectionsQuery, typeof(ConnectionListAnswer),
            (request, cancellationToken) => ConnectionsAsync(tidings.Node, request, cancellationToken))
        {
            Query = ((Delegate)DescribeConnections).Method,
            FromQuery = static query => new ConnectionsQuery(query.Text("user"), query.Text("after"), query.Number("limit"), query.Text("channel"), query.Text("scope")),
        },
        new ApiOperation<InfoQuery>(
            "info", "What this node is and holds.", ApiJson.Default.InfoQuery, typeof(InfoAnswer), (_, _) => ValueTask.FromResult(Info(tidings)))
        {
            Query = ((Delegate)DescribeInfo).Method,
            FromQuery = static _ => new InfoQuery(),
        },
    ];

    private static async ValueTask<ApiOutcome> ChannelsAsync(Node node, ChannelsQuery request, CancellationToken cancellationToken)
    {
        if (request.Channel is not null)
        {
            return request is { Pattern: null, Prefix: null, After: null, Limit: null }
                ? await ChannelAsync(node, new ChannelQuery(request.Channel, request.Scope), cancellationToken)
                : ApiOutcome.Bad("channel must not stand beside pattern, prefix, after or limit.");
        }

        if ((ApiChecks.Limit("limit", request.Limit, MostPerPage) ?? ScopeFault(request.Scope) ?? LengthFault(request.Prefix, request.After)
            ?? (request.Pattern is { } pattern && ChannelPattern.Fault(pattern) is { } wrong ? $"pattern {wrong}." : null)) is { } fault)
        {
            return ApiOutcome.Bad(fault);
        }

        var query = new NodeListQuery { Of = NodeListKind.Channels, Prefix = request.Prefix, Pattern = request.Pattern, After = request.After, Limit = request.Limit ?? DefaultPerPage };
        var page = await node.Inventory.ChannelsAsync(query, IsHere(request.Scope), cancellationToken);
        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartArray("channels"u8);
        foreach (var row in page.Rows)
        {
            frame.Writer.WriteStartObject();
            frame.Writer.WriteString("channel"u8, row.Name);
            frame.Writer.WriteNumber("subscribers"u8, row.Count);
            frame.Writer.WriteEndObject();
        }

        return End(frame, page);
    }

    private static async ValueTask<ApiOutcome> ChannelAsync(Node node, ChannelQuery request, CancellationToken cancellationToken)
    {
        if ((ApiChecks.Channel(request.Channel) ?? ScopeFault(request.Scope)) is { } fault)
        {
            return ApiOutcome.Bad(fault);
        }

        var channel = await node.Inventory.ChannelAsync(request.Channel!, IsHere(request.Scope), cancellationToken);
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("channel"u8, channel.Channel);
        frame.Writer.WriteNumber("subscribers"u8, channel.Subscribers);
        if (channel.Users is { } users)
        {
            frame.Writer.WriteNumber("users"u8, users);
        }

        frame.Writer.WriteString("epoch"u8, channel.Position.Epoch);
        frame.Writer.WriteNumber("offset"u8, channel.Position.Offset);
        WriteMissing(frame, channel.Missing);
        return ApiOutcome.Of(frame);
    }

    private static async ValueTask<ApiOutcome> ConnectionsAsync(Node node, ConnectionsQuery request, CancellationToken cancellationToken)
    {
        if ((ApiChecks.Limit("limit", request.Limit, MostPerPage) ?? ScopeFault(request.Scope) ?? LengthFault(request.User, request.After)
            ?? (request.Channel is null ? null : ApiChecks.Channel(request.Channel))) is { } fault)
        {
            return ApiOutcome.Bad(fault);
        }

        var query = new NodeListQuery { Of = NodeListKind.Connections, User = request.User, Channel = request.Channel, After = request.After, Limit = request.Limit ?? DefaultPerPage };
        var page = await node.Inventory.ConnectionsAsync(query, IsHere(request.Scope), cancellationToken);
        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartArray("connections"u8);
        foreach (var row in page.Rows)
        {
            frame.Writer.WriteStartObject();
            frame.Writer.WriteString("connection"u8, row.Name);
            if (row.User is { } name)
            {
                frame.Writer.WriteString("user"u8, name);
            }

            if (row.Protocol is { } protocol)
            {
                frame.Writer.WriteString("protocol"u8, protocol);
            }

            frame.Writer.WriteNumber("subscriptions"u8, row.Count);
            frame.Writer.WriteString("node"u8, row.Node);
            frame.Writer.WriteEndObject();
        }

        return End(frame, page);
    }

    private static ApiOutcome Info(Edge tidings)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("server"u8, tidings.Node.Server.Name);
        frame.Writer.WriteString("version"u8, tidings.Node.Server.Version);
        frame.Writer.WriteString("node"u8, tidings.Node.Id);
        frame.Writer.WriteString("engine"u8, tidings.Node.Engine.Name);
        frame.Writer.WriteNumber("connections"u8, tidings.Node.Registry.Count);
        frame.Writer.WriteNumber("users"u8, tidings.Node.Directory.Users.Count());
        frame.Writer.WriteNumber("channels"u8, tidings.Node.Hub.Channels);
        return ApiOutcome.Of(frame);
    }

    private static bool IsHere(string? scope) => scope == "node";

    private static string? ScopeFault(string? scope) => scope is null or "node" or "all" ? null : "scope must be node or all.";

    private static string? LengthFault(params IEnumerable<string?> names) => names.Any(static name => name?.Length > ChannelName.MaxBytes) ? $"a name has at most {ChannelName.MaxBytes} characters." : null;

    private static ApiOutcome End(JsonFrame frame, InventoryPage page)
    {
        frame.Writer.WriteEndArray();
        if (page.Next is { } next)
        {
            frame.Writer.WriteString("next"u8, next);
        }

        WriteMissing(frame, page.Missing);
        return ApiOutcome.Of(frame);
    }

    /// <summary>Names the nodes that did not answer, if there are any.</summary>
    public static void WriteMissing(JsonFrame frame, IReadOnlyList<string> missing)
    {
        if (missing.Count == 0)
        {
            return;
        }

        frame.Writer.WriteStartArray("missing"u8);
        foreach (var node in missing)
        {
            frame.Writer.WriteStringValue(node);
        }

        frame.Writer.WriteEndArray();
    }

    // For the OpenAPI document alone.
    private static void DescribeChannels(
        [Description("Only channels whose names begin with this.")] string? prefix,
        [Description("Only channels that match this pattern, such as chat:*.")] string? pattern,
        [Description("This one alone, answered as GET /api/channels/{channel} is; by itself.")] string? channel,
        [Description("Only names behind this one: the next of the page before.")] string? after,
        [Description("How many at most: 1 to 1,000. 100 where it is left out.")] int? limit,
        [Description(ScopeMeaning)] string? scope)
    {
    }

    private static void DescribeChannel(
        [Description("The channel; in a path, encoded.")] string channel,
        [Description(ScopeMeaning)] string? scope)
    {
    }

    private static void DescribeConnections(
        [Description("Only connections of this user.")] string? user,
        [Description("Only connections that are subscribed to this channel.")] string? channel,
        [Description("Only ids behind this one: the next of the page before.")] string? after,
        [Description("How many at most: 1 to 1,000. 100 where it is left out.")] int? limit,
        [Description(ScopeMeaning)] string? scope)
    {
    }

    private static void DescribeInfo()
    {
    }
}

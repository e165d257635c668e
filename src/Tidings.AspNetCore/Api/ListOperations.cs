using System.ComponentModel;
using Tidings.AspNetCore.Services;
using Tidings.Protocol;
using Tidings.Protocol.Replies;
using Tidings.Sessions;

namespace Tidings.AspNetCore.Api;

/// <summary>Operations that list what this node holds: channels, connections, info. Lists come by pages, in the order of names.</summary>
internal static class ListOperations
{
    private const int MostPerPage = 1000;
    private const int DefaultPerPage = 100;

    public static IEnumerable<ApiOperation> All(Edge tidings) =>
    [
        new ApiOperation<ChannelsQuery>(
            "channels", "Channels that somebody on this node is subscribed to.", ApiJson.Default.ChannelsQuery, typeof(ChannelsAnswer),
            (request, _) => ValueTask.FromResult(Channels(tidings, request)))
        {
            Query = ((Delegate)DescribeChannels).Method,
            FromQuery = static query => new ChannelsQuery(query.Text("pattern"), query.Text("after"), query.Number("limit")),
        },
        new ApiOperation<ConnectionsQuery>(
            "connections", "Connections of the channel protocol on this node.", ApiJson.Default.ConnectionsQuery, typeof(ConnectionListAnswer),
            (request, _) => ValueTask.FromResult(Connections(tidings, request)))
        {
            Query = ((Delegate)DescribeConnections).Method,
            FromQuery = static query => new ConnectionsQuery(query.Text("user"), query.Text("after"), query.Number("limit")),
        },
        new ApiOperation<InfoQuery>(
            "info", "What this node is and holds.", ApiJson.Default.InfoQuery, typeof(InfoAnswer), (_, _) => ValueTask.FromResult(Info(tidings)))
        {
            Query = ((Delegate)DescribeInfo).Method,
            FromQuery = static _ => new InfoQuery(),
        },
    ];

    private static ApiOutcome Channels(Edge tidings, ChannelsQuery request)
    {
        if (ApiChecks.Limit("limit", request.Limit, MostPerPage) is { } fault)
        {
            return ApiOutcome.Bad(fault);
        }

        var channels = tidings.Node.Hub.List();
        if (request.Pattern is { } pattern)
        {
            if (ChannelPattern.Fault(pattern) is { } wrong)
            {
                return ApiOutcome.Bad($"pattern {wrong}.");
            }

            var matching = new ChannelPattern(pattern);
            channels = channels.Where(entry => matching.Matches(entry.Channel));
        }

        var (page, next) = Page(channels, static entry => entry.Channel, request.After, request.Limit);
        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartArray("channels"u8);
        foreach (var (channel, subscribers) in page)
        {
            frame.Writer.WriteStartObject();
            frame.Writer.WriteString("channel"u8, channel);
            frame.Writer.WriteNumber("subscribers"u8, subscribers);
            frame.Writer.WriteEndObject();
        }

        return End(frame, next);
    }

    private static ApiOutcome Connections(Edge tidings, ConnectionsQuery request)
    {
        if (ApiChecks.Limit("limit", request.Limit, MostPerPage) is { } fault)
        {
            return ApiOutcome.Bad(fault);
        }

        var sessions = (request.User is { } user ? tidings.Node.Directory.FindUser(user) : tidings.Node.Directory.All.Select(static entry => entry.Value))
            .Select(static connection => connection.Tag).OfType<ChannelSession>();
        var (page, next) = Page(sessions, static session => session.Id, request.After, request.Limit);
        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartArray("connections"u8);
        foreach (var session in page)
        {
            frame.Writer.WriteStartObject();
            frame.Writer.WriteString("connection"u8, session.Id);
            if (session.User is { } name)
            {
                frame.Writer.WriteString("user"u8, name);
            }

            frame.Writer.WriteNumber("subscriptions"u8, session.Count);
            frame.Writer.WriteEndObject();
        }

        return End(frame, next);
    }

    private static ApiOutcome Info(Edge tidings)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("server"u8, tidings.Node.Server.Name);
        frame.Writer.WriteString("version"u8, tidings.Node.Server.Version);
        frame.Writer.WriteString("engine"u8, tidings.Node.Backplane.Engine);
        frame.Writer.WriteNumber("connections"u8, tidings.Node.Registry.Count);
        frame.Writer.WriteNumber("users"u8, tidings.Node.Directory.Users.Count());
        frame.Writer.WriteNumber("channels"u8, tidings.Node.Hub.Channels);
        return ApiOutcome.Of(frame);
    }

    // One pass that keeps a page: however many there are, they are not sorted whole.
    private static (List<T> Page, string? Next) Page<T>(IEnumerable<T> all, Func<T, string> nameOf, string? after, int? limit)
    {
        var size = limit ?? DefaultPerPage;
        var kept = new PriorityQueue<T, string>(size + 2, Comparer<string>.Create(static (a, b) => string.CompareOrdinal(b, a)));
        foreach (var item in all)
        {
            var name = nameOf(item);
            if (after is not null && string.CompareOrdinal(name, after) <= 0)
            {
                continue;
            }

            kept.Enqueue(item, name);
            if (kept.Count > size + 1)
            {
                kept.Dequeue();
            }
        }

        var more = kept.Count > size;
        if (more)
        {
            kept.Dequeue();
        }

        List<T> page = [.. kept.UnorderedItems.OrderBy(static entry => entry.Priority, StringComparer.Ordinal).Select(static entry => entry.Element)];
        return (page, more ? nameOf(page[^1]) : null);
    }

    private static ApiOutcome End(JsonFrame frame, string? next)
    {
        frame.Writer.WriteEndArray();
        if (next is not null)
        {
            frame.Writer.WriteString("next"u8, next);
        }

        return ApiOutcome.Of(frame);
    }

    // For the OpenAPI document alone.
    private static void DescribeChannels(
        [Description("Only channels that match this pattern, such as chat:*.")] string? pattern,
        [Description("Only names behind this one: the next of the page before.")] string? after,
        [Description("How many at most: 1 to 1,000. 100 where it is left out.")] int? limit)
    {
    }

    private static void DescribeConnections(
        [Description("Only connections of this user.")] string? user,
        [Description("Only ids behind this one: the next of the page before.")] string? after,
        [Description("How many at most: 1 to 1,000. 100 where it is left out.")] int? limit)
    {
    }

    private static void DescribeInfo()
    {
    }
}

using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Api;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Positions;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>What the query of a stream or a poll asks for, checked and bounded.</summary>
internal sealed class ReadRequest
{
    private const int LongestWait = 60;

    private readonly IReadOnlyList<string> _channels;
    private readonly int _last;
    private readonly bool _presence;
    private readonly bool _occupancy;
    private readonly IReadOnlyDictionary<string, string> _tokens;
    private readonly IReadOnlyDictionary<string, ReadOnlyMemory<byte>> _infos;

    private ReadRequest(ApiQuery query, HttpRequest request)
    {
        _channels = Channels(query, request);
        _tokens = SubscriptionTokens.Read(request, query);
        _infos = MemberInfos.Read(query);
        Since = Position(query, request);
        _last = query.Number("last") ?? 0;
        _presence = Flag(query, "presence");
        _occupancy = Flag(query, "occupancy");
        States = [.. request.Query["state"].OfType<string>()];
        if (States.Except(_channels).Any())
        {
            query.Refuse("state must be one of the names that channel has.", false);
        }

        Wait = TimeSpan.FromSeconds(query.Number("wait") is { } wait
            ? wait <= LongestWait ? wait : query.Refuse($"wait must be a whole number from 0 to {LongestWait}, in seconds.", 0)
            : 0);
    }

    /// <summary>Where the reader stands; null where it has not said.</summary>
    public IReadOnlyList<ChannelPosition>? Since { get; }

    /// <summary>Channels whose state is wanted.</summary>
    public IReadOnlyCollection<string> States { get; }

    /// <summary>How long a poll waits, from 0 to 60 s.</summary>
    public TimeSpan Wait { get; }

    /// <returns>The request, or what is wrong with it.</returns>
    public static (ReadRequest? Request, string? Fault) Read(HttpRequest request)
    {
        var query = new ApiQuery(request.Query);
        var read = new ReadRequest(query, request);
        return query.Fault is { } fault ? (null, fault) : (read, null);
    }

    /// <summary>Whether the reader was told to stay away, and is an <c>EventSource</c> that comes all the same.</summary>
    public static bool IsFinal(HttpRequest request) => request.Headers["Last-Event-ID"] is [StreamEnd.Final];

    /// <summary>What to subscribe to: the channels that were named, or those that the server has for the reader, as far as they have room in a position.</summary>
    /// <param name="offered">The channels that the server has for the reader.</param>
    public IReadOnlyList<SubscribeRequest> Wishes(IReadOnlyList<string> offered)
    {
        var room = ChannelPositions.LongestJson;
        return
        [
            .. (_channels.Count > 0 ? _channels : offered)
                .Take(ChannelPositions.MostChannels)
                .TakeWhile(channel => (room -= ReaderPosition.LargestEntry(channel)) > 0)
                .Select(Wish),
        ];
    }

    private SubscribeRequest Wish(string channel)
    {
        StreamPosition? since = null;
        foreach (var known in Since ?? [])
        {
            since = known.Channel == channel ? known.Position : since;
        }

        return new SubscribeRequest
        {
            Channel = channel, Since = since, Last = since is null ? _last : null, Presence = _presence, Occupancy = _occupancy, State = States.Contains(channel),
            Token = _tokens.GetValueOrDefault(channel), Info = _infos.GetValueOrDefault(channel),
        };
    }

    private static bool Flag(ApiQuery query, string name) => query.Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        _ => query.Refuse($"{name} must be true or false.", false),
    };

    private static List<string> Channels(ApiQuery query, HttpRequest request)
    {
        var named = request.Query["channel"];
        if (named.Count > ChannelPositions.MostChannels)
        {
            return query.Refuse<List<string>>($"channel may occur at most {ChannelPositions.MostChannels} times.", []);
        }

        var channels = new List<string>();
        var room = ChannelPositions.LongestJson;
        foreach (var channel in named)
        {
            if (ApiChecks.Channel(channel) is { } fault)
            {
                query.Refuse(fault, false);
                break;
            }

            if (channels.Contains(channel!))
            {
                continue;
            }

            channels.Add(channel!);
            if ((room -= ReaderPosition.LargestEntry(channel!)) <= 0)
            {
                query.Refuse("The names of these channels are too long to fit into one position together: ask for fewer at once.", false);
                break;
            }
        }

        return channels;
    }

    private static IReadOnlyList<ChannelPosition>? Position(ApiQuery query, HttpRequest request)
    {
        // An EventSource that comes back has the position of its last event, and a URL that is older.
        var text = request.Headers["Last-Event-ID"] is [{ Length: > 0 } last] ? last : query.Text("since");
        return text is null ? null : ChannelPositions.TryRead(text) ?? query.Refuse<IReadOnlyList<ChannelPosition>?>(
            $"since (or Last-Event-ID) must be a position that this server gave, of at most {ChannelPositions.LongestText} characters and {ChannelPositions.MostChannels} channels.", null);
    }
}

using Tidings.Client.Transports;
using Tidings.Client.Wire;
using Tidings.Protocol;
using Tidings.Protocol.Positions;

namespace Tidings.Client;

/// <summary>The client's subscriptions, and which frame goes to which.</summary>
internal sealed class ChannelTable(Action<ChannelEvent> tellServers) : IFollowedChannels
{
    private readonly Lock _gate = new();
    private readonly OrderedDictionary<string, ChannelFeed> _feeds = [];

    /// <summary>What the server subscribed by itself.</summary>
    public ServerChannels Servers { get; } = new(tellServers);

    /// <summary>In the order of subscribing.</summary>
    public IReadOnlyList<ChannelFeed> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _feeds.Values];
            }
        }
    }

    /// <summary>
    /// The application's channels that stand somewhere, then the server's own. Fewer than there are where an address could not hold them
    /// all; a subscription too many has been refused by then (<see cref="FitsAddress"/>).
    /// </summary>
    public IReadOnlyList<(string Channel, StreamPosition Position)> Followed => [.. Fitting(Positioned().Concat(Servers.Positions))];

    public bool Presence => All.Any(static feed => feed.Options.Presence);

    /// <exception cref="InvalidOperationException">There is one already.</exception>
    public void Add(ChannelFeed feed)
    {
        lock (_gate)
        {
            if (!_feeds.TryAdd(feed.Channel, feed))
            {
                throw new InvalidOperationException($"This client is subscribed to \"{feed.Channel}\" already.");
            }
        }
    }

    /// <summary>False where it is not there any more.</summary>
    public bool Remove(ChannelFeed feed)
    {
        lock (_gate)
        {
            return _feeds.TryGetValue(feed.Channel, out var present) && present == feed && _feeds.Remove(feed.Channel);
        }
    }

    public bool Holds(string channel) => Find(channel) is not null;

    /// <summary>Whether one more channel has a place in the address of a stream or poll, however large the offsets become.</summary>
    public bool FitsAddress(ChannelFeed feed)
    {
        var wanted = Positioned().Where(other => other.Channel != feed.Channel).Append((feed.Channel, default)).ToList();
        return Fitting(wanted).Count() == wanted.Count;
    }

    /// <summary>Hands a frame of a channel to whom it concerns.</summary>
    public void Route(ServerFrame frame)
    {
        if (frame.Channel is not { } channel)
        {
            return;
        }

        var feed = Find(channel);
        switch (frame.Type)
        {
            case "message" when feed is not null:
                feed.OnMessage(frame);
                break;
            case "message":
                Servers.OnMessage(channel, frame);
                break;
            case "gap" when feed is not null:
                feed.OnGap(frame);
                break;
            case "gap":
                Servers.OnGap(channel, frame);
                break;
            case "join" when feed is not null && frame.Object("member")?.Member() is { } member:
                feed.OnMember(new ChannelJoin(channel, member));
                break;
            case "leave" when feed is not null && frame.Object("member")?.Member() is { } member:
                feed.OnMember(new ChannelLeave(channel, member));
                break;
            case "subscribed" when feed is null && frame.Position is { } position:
                Servers.OnSubscribed(channel, position);
                break;
            case "unsubscribed" when feed is not null:
                Remove(feed);
                feed.Complete(new TidingsException(frame.Error, frame.Text("reason") ?? "Unsubscribed by the server."));
                break;
            case "unsubscribed":
                Servers.OnUnsubscribed(channel);
                break;
        }
    }

    /// <summary>The client is away for good.</summary>
    public void Complete(TidingsException? error)
    {
        foreach (var feed in All)
        {
            Remove(feed);
            feed.Complete(error);
        }
    }

    // As the server counts (docs/protocol.md, "Positions").
    private static IEnumerable<(string Channel, StreamPosition Position)> Fitting(IEnumerable<(string Channel, StreamPosition Position)> wanted)
    {
        var room = ChannelPositions.LongestJson;
        return wanted.Take(ChannelPositions.MostChannels).TakeWhile(one => (room -= ReaderPosition.LargestEntry(one.Channel)) > 0);
    }

    private ChannelFeed? Find(string channel)
    {
        lock (_gate)
        {
            return _feeds.GetValueOrDefault(channel);
        }
    }

    private IEnumerable<(string Channel, StreamPosition Position)> Positioned() =>
        from feed in All
        where feed.Position is not null
        select (feed.Channel, feed.Position!.Value);
}

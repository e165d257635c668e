using Tidings.Client.Transports;
using Tidings.Client.Wire;
using Tidings.Protocol;
using Tidings.Protocol.Positions;

namespace Tidings.Client;

/// <summary>The client's subscriptions, and which frame goes to which.</summary>
internal sealed class ChannelTable : IFollowedChannels
{
    private readonly Lock _gate = new();
    private readonly OrderedDictionary<string, SharedChannel> _channels = [];
    private readonly TimeProvider _time;

    public ChannelTable(Action<ChannelEvent> tellServers, TimeProvider time)
    {
        _time = time;
        Own = new OwnMessages(channel => Find(channel)?.TellOn());
        Servers = new ServerChannels(tellServers, Own);
    }

    /// <summary>Which messages are the client's own.</summary>
    public OwnMessages Own { get; }

    /// <summary>What the server subscribed by itself.</summary>
    public ServerChannels Servers { get; }

    /// <summary>In the order of subscribing.</summary>
    public IReadOnlyList<SharedChannel> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _channels.Values];
            }
        }
    }

    /// <summary>
    /// The application's channels that stand somewhere, then the server's own. Fewer than there are where an address could not hold them
    /// all; a subscription too many has been refused by then (<see cref="FitsAddress"/>).
    /// </summary>
    public IReadOnlyList<(string Channel, StreamPosition Position)> Followed => [.. Fitting(Positioned().Concat(Servers.Positions))];

    public bool Presence => All.Any(static channel => Array.Exists(channel.Feeds, static feed => feed.Options.Presence));

    public bool Occupancy => All.Any(static channel => Array.Exists(channel.Feeds, static feed => feed.Options.Occupancy));

    public IReadOnlyList<string> States => [.. All.Where(static channel => Array.Exists(channel.Feeds, static feed => feed.WantsState)).Select(static channel => channel.Name)];

    public string Tokens => string.Join(',', All.Where(static channel => channel.Token?.Value is not null).Select(static channel => $"{Uri.EscapeDataString(channel.Name)}={channel.Token!.Value}"));

    public IReadOnlyList<(string Channel, ReadOnlyMemory<byte> Info)> Infos =>
        [.. All.Where(static channel => channel.Info is { IsEmpty: false }).Select(static channel => (channel.Name, channel.Info!.Value))];

    /// <returns>The channel, and whether it is followed only now.</returns>
    public (SharedChannel Channel, bool IsNew) Add(ChannelFeed feed)
    {
        lock (_gate)
        {
            var isNew = !_channels.TryGetValue(feed.Channel, out var channel);
            if (isNew)
            {
                _channels.Add(feed.Channel, channel = new SharedChannel(feed.Channel, Own, _time));
            }

            channel!.Add(feed);
            return (channel, isNew);
        }
    }

    /// <summary>True where it was the last of its channel.</summary>
    public bool Remove(ChannelFeed feed)
    {
        SharedChannel? ended;
        lock (_gate)
        {
            if (!_channels.TryGetValue(feed.Channel, out ended) || !ended.Remove(feed) || ended.Feeds.Length > 0)
            {
                return false;
            }

            _channels.Remove(feed.Channel);
        }

        ended.Complete(null);
        return true;
    }

    /// <summary>Ends all subscriptions of a channel.</summary>
    public void End(SharedChannel channel, TidingsException error)
    {
        lock (_gate)
        {
            if (_channels.TryGetValue(channel.Name, out var present) && present == channel)
            {
                _channels.Remove(channel.Name);
            }
        }

        channel.Complete(error);
    }

    public bool Holds(string channel) => Find(channel) is not null;

    public SharedChannel? Find(string channel)
    {
        lock (_gate)
        {
            return _channels.GetValueOrDefault(channel);
        }
    }

    /// <summary>Whether one more channel has a place in the address of a stream or poll, however large the offsets become.</summary>
    public bool FitsAddress(string channel)
    {
        var wanted = Positioned().Where(other => other.Channel != channel).Append((channel, default)).ToList();
        return Fitting(wanted).Count() == wanted.Count;
    }

    /// <summary>Hands a frame of a channel to whom it concerns.</summary>
    public void Route(ServerFrame frame)
    {
        if (frame.Channel is not { } name)
        {
            return;
        }

        switch (frame.Type, Find(name))
        {
            case ("message" or "gap" or "removed" or "join" or "leave" or "update" or "occupancy" or "state", { } channel):
                channel.Tell(frame);
                break;
            case ("message", null):
                Servers.OnMessage(name, frame);
                break;
            case ("gap", null):
                Servers.OnGap(name, frame);
                break;
            case ("removed", null) when frame.Offset is { } offset:
                Servers.OnRemoved(name, offset);
                break;
            case ("subscribed", null) when frame.Position is { } position:
                Servers.OnSubscribed(name, position);
                break;
            // What has not begun cannot have been ended: that was another subscription, before it.
            case ("unsubscribed", { } channel) when Array.Exists(channel.Feeds, static feed => feed.HasBegun):
                End(channel, new TidingsException(frame.Error, frame.Text("reason") ?? "Unsubscribed by the server."));
                break;
            case ("unsubscribed", null):
                Servers.OnUnsubscribed(name);
                break;
        }
    }

    /// <summary>The client is away for good.</summary>
    public void Complete(TidingsException? error)
    {
        SharedChannel[] all;
        lock (_gate)
        {
            all = [.. _channels.Values];
            _channels.Clear();
        }

        Array.ForEach(all, channel => channel.Complete(error));
    }

    // As the server counts (docs/protocol.md, "Positions").
    private static IEnumerable<(string Channel, StreamPosition Position)> Fitting(IEnumerable<(string Channel, StreamPosition Position)> wanted)
    {
        var room = ChannelPositions.LongestJson;
        return wanted.Take(ChannelPositions.MostChannels).TakeWhile(one => (room -= ReaderPosition.LargestEntry(one.Channel)) > 0);
    }

    private IEnumerable<(string Channel, StreamPosition Position)> Positioned() =>
        from channel in All
        let position = channel.Position
        where position is not null && channel.Token is not { Value: null }
        select (channel.Name, position.Value);
}

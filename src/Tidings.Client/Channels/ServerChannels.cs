using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>What the server subscribed the client to by itself: <c>all</c>, and a user's own. Used by the thread that reads frames, and under the client's lock.</summary>
internal sealed class ServerChannels(Action<ChannelEvent> tell, OwnMessages own)
{
    private const int Most = 1000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, StreamPosition> _positions = [];
    private HashSet<string> _present = [];

    /// <summary>The first message of a connection: what was missed since the last one is gone.</summary>
    public void OnConnected(ServerFrame connected, Func<string, bool> isTaken)
    {
        var gaps = new List<ChannelGap>();
        lock (_gate)
        {
            _present = [];
            foreach (var subscription in connected.Objects("subscriptions").Take(Most))
            {
                if (subscription.Channel is { } channel && subscription.Position is { } position && _present.Add(channel) && !isTaken(channel))
                {
                    if (_positions.TryGetValue(channel, out var from) && from != position)
                    {
                        var sameEpoch = from.Epoch == position.Epoch;
                        gaps.Add(new ChannelGap(channel, position, from.Offset + 1, sameEpoch ? position.Offset : from.Offset, sameEpoch ? "trimmed" : "epoch"));
                    }

                    _positions[channel] = position;
                }
            }
        }

        gaps.ForEach(tell);
    }

    /// <summary>Whether the server subscribed this connection; the application now does so itself.</summary>
    public bool TakeOver(string channel)
    {
        lock (_gate)
        {
            _positions.Remove(channel);
            return _present.Remove(channel);
        }
    }

    /// <summary>Where each stands that the application has not taken over.</summary>
    public IReadOnlyList<(string Channel, StreamPosition Position)> Positions
    {
        get
        {
            lock (_gate)
            {
                return [.. _positions.Select(static entry => (entry.Key, entry.Value))];
            }
        }
    }

    public void OnMessage(string channel, ServerFrame frame)
    {
        ChannelMessage message;
        lock (_gate)
        {
            if (!_positions.TryGetValue(channel, out var position) || frame.Offset <= position.Offset)
            {
                return;
            }

            message = frame.Message(channel, position.Epoch, own);
            _positions[channel] = message.Position ?? position;
        }

        tell(message);
    }

    public void OnGap(string channel, ServerFrame frame)
    {
        lock (_gate)
        {
            if (frame.Position is not { } position || !_positions.TryGetValue(channel, out var from)
                || (from.Epoch == position.Epoch && from.Offset >= position.Offset))
            {
                return;
            }

            _positions[channel] = position;
        }

        tell(new ChannelGap(channel, frame.Position.Value, frame.Whole("from") ?? 0, frame.Whole("to") ?? 0, frame.Text("reason") ?? "trimmed"));
    }

    public void OnRemoved(string channel, long offset)
    {
        StreamPosition at;
        lock (_gate)
        {
            if (!_positions.TryGetValue(channel, out var position))
            {
                return;
            }

            at = position with { Offset = offset };
            _positions[channel] = offset > position.Offset ? at : position;
        }

        tell(new ChannelRemoved(channel, at));
    }

    /// <summary>The server subscribed the connection to one more.</summary>
    public void OnSubscribed(string channel, StreamPosition position)
    {
        lock (_gate)
        {
            if (_positions.Count < Most)
            {
                _present.Add(channel);
                _positions.TryAdd(channel, position);
            }
        }
    }

    public void OnUnsubscribed(string channel)
    {
        lock (_gate)
        {
            _present.Remove(channel);
            _positions.Remove(channel);
        }
    }
}

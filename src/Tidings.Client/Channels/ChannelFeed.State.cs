using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client;

/// <content>The channel's state, where it is wanted: it comes whole, and what is said before it is in it.</content>
internal sealed partial class ChannelFeed
{
    // What has come of a state that is on its way; null where none is.
    private List<ChannelMessage>? _coming;
    private bool _hasState;

    /// <summary>Whether a state is wanted that has not come yet.</summary>
    public bool WantsState
    {
        get
        {
            lock (_gate)
            {
                return WantsState_NeedsLock;
            }
        }
    }

    private bool WantsState_NeedsLock => Options.State && !_hasState;

    /// <summary>A stream begins that may bring the state.</summary>
    public void OnStream()
    {
        lock (_gate)
        {
            _coming = WantsState_NeedsLock ? [] : null;
        }
    }

    // The state follows, from wherever the subscription begins.
    private void OnAnswerWithState(StreamPosition position)
    {
        lock (_gate)
        {
            (_position, _coming) = (position, []);
        }

        OnSubscribed(position, null, null);
    }

    private void OnState(ServerFrame frame)
    {
        lock (_gate)
        {
            if (_coming is null || _position is not { } position)
            {
                return;
            }

            _coming.AddRange(frame.Objects("entries", "message").Select(entry => entry.Message(Channel, position.Epoch, own)));
            if (frame.Truth("more") == false)
            {
                _hasState = _queue.TryPut(new ChannelStateLoaded(Channel, position, _coming));
                _coming = null;
            }
        }
    }

    // What was lost before the first part is in the state; what was lost since may not be.
    private void PassGap_NeedsLock(ChannelGap gap)
    {
        if (_coming is { Count: > 0 })
        {
            _queue.TryPut(gap);
        }

        _position = gap.Position;
    }

    private void PassRemoved_NeedsLock(StreamPosition at)
    {
        _coming?.RemoveAll(entry => entry.Position == at);
        PassMessage_NeedsLock(at);
    }

    private void PassMessage_NeedsLock(StreamPosition at) => _position = _position is { } position && position.Offset >= at.Offset ? position : at;
}

/// <summary>The whole state of the channel: the newest message of each key. What follows comes after its position.</summary>
internal sealed record ChannelStateLoaded(string Channel, StreamPosition Position, IReadOnlyList<ChannelMessage> Entries) : ChannelEvent(Channel);

using Tidings.Protocol;

namespace Tidings.Client;

/// <content>What had no place in the queue, or was missed, is read from the history.</content>
internal sealed partial class ChannelFeed
{
    private readonly Queue<StreamPosition> _removed = [];

    /// <summary>Others of the channel are as far as this: what lies between is read from the history.</summary>
    public void CatchUp(StreamPosition top)
    {
        bool behind;
        lock (_gate)
        {
            behind = _mode == Mode.Live && !WantsState_NeedsLock && !Reached_NeedsLock(top) && Lag_NeedsLock(top);
        }

        Tell(behind);
    }

    /// <summary>A message was erased. A loop that lags is told as soon as it has read what it has: it may have the message still before it.</summary>
    private void OnRemoved(long offset)
    {
        lock (_gate)
        {
            if (!_begun || _position is not { } position)
            {
                return;
            }

            var at = position with { Offset = offset };
            if (WantsState_NeedsLock)
            {
                PassRemoved_NeedsLock(at);
            }
            else if (_mode != Mode.Live || !_queue.TryPut(new ChannelRemoved(Channel, at)))
            {
                _removed.Enqueue(at);
            }
            else if (offset > position.Offset)
            {
                _position = at;
            }
        }
    }

    private void TellRemoved_NeedsLock()
    {
        while (_removed.TryPeek(out var at) && _queue.TryPut(new ChannelRemoved(Channel, at)))
        {
            _removed.Dequeue();
        }
    }

    /// <summary>The history after <see cref="Position"/> has come.</summary>
    public void OnHistory(ChannelHistory history)
    {
        var behind = false;
        var caughtUp = false;
        lock (_gate)
        {
            if (_mode != Mode.Reading || _position is not { } position)
            {
                return;
            }

            if (history.Recovered == false)
            {
                if (!Skip_NeedsLock(position, history.Position))
                {
                    _mode = Mode.Lagging;
                    return;
                }
            }

            if (_top?.Epoch != history.Position.Epoch)
            {
                _top = null;
            }

            TellRemoved_NeedsLock();
            var all = true;
            foreach (var message in history.Messages)
            {
                if (message.Position is { } at && at.Offset > _position.Value.Offset)
                {
                    if (!_queue.TryPut(message.IsRemoved ? new ChannelRemoved(Channel, at) : message))
                    {
                        all = false;
                        break;
                    }

                    _position = at;
                }
            }

            caughtUp = all && Reached_NeedsLock(history.Position) && (_top is not { } top || Reached_NeedsLock(top));
            if (caughtUp)
            {
                _mode = Mode.Live;
                _top = null;
            }
            else
            {
                _mode = Mode.Lagging;
                behind = Lag_NeedsLock(_top ?? history.Position);
            }
        }

        Tell(behind);
        if (caughtUp && Options.Presence)
        {
            PresenceUnknown(this);
        }
    }

    /// <summary>The history could not be had.</summary>
    /// <param name="again">Whether to ask again at once; else the next message or connection does.</param>
    public void OnHistoryFailed(bool again)
    {
        var behind = false;
        lock (_gate)
        {
            if (_mode == Mode.Reading)
            {
                _mode = Mode.Lagging;
                behind = again && Lag_NeedsLock(_top ?? _position!.Value);
            }
        }

        Tell(behind);
    }

    private void OnEmptied()
    {
        bool behind;
        lock (_gate)
        {
            behind = _mode == Mode.Lagging && Lag_NeedsLock(_top ?? _position!.Value);
        }

        Tell(behind);
    }
}

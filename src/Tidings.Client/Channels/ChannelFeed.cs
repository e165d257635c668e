using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>
/// One subscription's way from the frames to the application's loop: each offset once and in order, and a bounded queue. A loop that lags
/// behind the queue gets the rest from the history, and so does a subscription that joins others of its channel.
/// </summary>
/// <remarks>Frames come from one thread at a time; the loop is another.</remarks>
internal sealed partial class ChannelFeed(string channel, SubscribeOptions options, OwnMessages own, ChannelMembers members)
{
    private const int MostPage = 256;

    private readonly Lock _gate = new();
    private readonly EventQueue _queue = new(options.QueueLength);
    private readonly TaskCompletionSource _live = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Mode _mode;
    private StreamPosition? _position = options.Since;
    private StreamPosition? _top;
    private bool _completed;

    private enum Mode
    {
        /// <summary>Messages go into the queue.</summary>
        Live,

        /// <summary>The queue is or was full, or something was missed: messages pass by until the loop has emptied it.</summary>
        Lagging,

        /// <summary>The queue is empty, and the history has been asked for.</summary>
        Reading,
    }

    public string Channel { get; } = channel;

    public SubscribeOptions Options { get; } = options;

    /// <summary>Who is there, where it was asked for.</summary>
    public ChannelMembers Members { get; } = members;

    /// <summary>Asked, without the lock, for the history after <see cref="Position"/>.</summary>
    public required Action<ChannelFeed> Behind { get; init; }

    /// <summary>Asked, without the lock, who is there, after joins or leaves have passed by.</summary>
    public required Action<ChannelFeed> PresenceUnknown { get; init; }

    /// <summary>Completes when the subscription is live for the first time; fails where it never will be.</summary>
    public Task Live => _live.Task;

    /// <summary>How many messages to ask the history for at a time: they all fit into the empty queue.</summary>
    public int Page => Math.Min(Options.QueueLength, MostPage);

    /// <summary>After which message the queue goes on.</summary>
    public StreamPosition? Position
    {
        get
        {
            lock (_gate)
            {
                return _position;
            }
        }
    }

    /// <summary>What a new connection asks for: null where the history closes the distance and it is enough to be live.</summary>
    public StreamPosition? Since
    {
        get
        {
            lock (_gate)
            {
                return _mode == Mode.Live && !WantsState_NeedsLock ? _position : null;
            }
        }
    }

    /// <summary>Whether a new connection asks for the newest messages.</summary>
    public int Last => Position is null ? Options.Last : 0;

    /// <summary>The subscription is live, after <paramref name="position"/>.</summary>
    /// <param name="position">Of the answer.</param>
    /// <param name="recovered">Whether what was missed follows; null where the answer doesn't say.</param>
    /// <param name="presence">Who is there, or null.</param>
    public void OnSubscribed(StreamPosition position, bool? recovered, ChannelPresence? presence)
    {
        if (presence is not null)
        {
            Members.Set(presence);
        }

        var behind = false;
        lock (_gate)
        {
            var from = _position ??= position;
            _begun = true;
            if (_mode != Mode.Live
                || !_queue.TryPut(new ChannelSubscribed(Channel, position, recovered, presence))
                || (recovered == false && !Skip_NeedsLock(from, position)))
            {
                behind = Lag_NeedsLock(position);
            }
        }

        _live.TrySetResult();
        Tell(behind);
    }

    /// <summary>A message has come.</summary>
    public void OnMessage(ServerFrame frame)
    {
        var behind = false;
        lock (_gate)
        {
            if (frame.Offset is not { } offset)
            {
                // Ephemeral: nobody is promised it, and a loop that lags has no place for it.
                _ = _mode == Mode.Live && _begun && _queue.TryPut(frame.Message(Channel, null, own));
            }
            else if (_begun && _position is { } position)
            {
                var at = position with { Offset = offset };
                if (WantsState_NeedsLock)
                {
                    PassMessage_NeedsLock(at);
                }
                else if (_mode != Mode.Live)
                {
                    behind = Lag_NeedsLock(_top is { } top ? top with { Offset = Math.Max(top.Offset, offset) } : at);
                }
                else if (offset > position.Offset)
                {
                    // Offsets between them are no loss, which is told by a gap: they are of messages that are not for this client.
                    if (own.LeavesOut(Channel, at) || _queue.TryPut(frame.Message(Channel, position.Epoch, own)))
                    {
                        _position = at;
                    }
                    else
                    {
                        behind = Lag_NeedsLock(at);
                    }
                }
            }
        }

        Tell(behind);
    }

    /// <summary>Messages were missed and are gone.</summary>
    public void OnGap(ServerFrame frame)
    {
        if (frame.Position is not { } position)
        {
            return;
        }

        var behind = false;
        lock (_gate)
        {
            if (!_begun || Reached_NeedsLock(position))
            {
                return;
            }

            var gap = new ChannelGap(Channel, position, frame.Whole("from") ?? 0, frame.Whole("to") ?? 0, frame.Text("reason") ?? "trimmed");
            if (WantsState_NeedsLock)
            {
                PassGap_NeedsLock(gap);
            }
            else if (_mode != Mode.Live || !_queue.TryPut(gap))
            {
                // The history will find the same.
                behind = Lag_NeedsLock(position);
            }
            else
            {
                _position = position;
            }
        }

        Tell(behind);
    }

    /// <summary>Somebody has come or gone, or says something else.</summary>
    public void OnMember(ChannelEvent change)
    {
        if (!Options.Presence)
        {
            return;
        }

        switch (change)
        {
            case ChannelJoin { Member: var member }:
                Members.Add(member, isNew: true);
                break;
            case ChannelUpdate { Member: var member }:
                Members.Add(member, isNew: false);
                break;
            case ChannelLeave { Member: var member }:
                Members.Remove(member);
                break;
        }

        var behind = false;
        lock (_gate)
        {
            if (_mode == Mode.Live && _begun && !_queue.TryPut(change) && _position is { } position)
            {
                behind = Lag_NeedsLock(position);
            }
        }

        Tell(behind);
    }

    /// <summary>How many subscribe. A loop that lags has no place for it.</summary>
    public void OnOccupancy(int subscribers)
    {
        lock (_gate)
        {
            _ = Options.Occupancy && _mode == Mode.Live && _begun && _queue.TryPut(new ChannelOccupancy(Channel, subscribers));
        }
    }

    /// <summary>The subscription cannot be had on this connection.</summary>
    public void OnError(ErrorCode code, string error)
    {
        lock (_gate)
        {
            _queue.TryPut(new ChannelError(Channel, code, error));
        }
    }

    /// <summary>Who is there, asked for on the way.</summary>
    public void OnPresence(ChannelPresence presence)
    {
        Members.Set(presence);
        lock (_gate)
        {
            if (_mode == Mode.Live && _position is { } position)
            {
                _queue.TryPut(new ChannelSubscribed(Channel, position, null, presence));
            }
        }
    }

    /// <summary>Nothing more comes: the loop gets what is queued, then the end or the error.</summary>
    public void Complete(TidingsException? error)
    {
        lock (_gate)
        {
            _completed = true;
        }

        _queue.Complete(error);
        if (error is null)
        {
            _live.TrySetCanceled();
        }
        else
        {
            _live.TrySetException(error);
        }

        // Nobody may be waiting for it.
        _ = _live.Task.Exception;
    }

    /// <summary>The events, for the one loop.</summary>
    public IAsyncEnumerable<ChannelEvent> ReadAsync(CancellationToken cancellationToken) => _queue.ReadAsync(OnEmptied, cancellationToken);

    private void Tell(bool behind)
    {
        if (behind)
        {
            Behind(this);
        }
    }

    // What lies between is gone; false where the queue has no place to say so.
    private bool Skip_NeedsLock(StreamPosition from, StreamPosition to)
    {
        var sameEpoch = from.Epoch == to.Epoch;
        var gap = new ChannelGap(Channel, to, from.Offset + 1, sameEpoch ? to.Offset : from.Offset, sameEpoch ? "trimmed" : "epoch");
        if (!_queue.TryPut(gap))
        {
            return false;
        }

        _position = to;
        return true;
    }

    private bool Reached_NeedsLock(StreamPosition top) => _position is { } position && position.Epoch == top.Epoch && position.Offset >= top.Offset;

    // True where the loop has emptied the queue: now the history is to be asked for.
    private bool Lag_NeedsLock(StreamPosition top)
    {
        _top = top;
        if (_completed)
        {
            return false;
        }

        if (_mode != Mode.Reading)
        {
            _mode = _queue.IsEmpty && _position is not null ? Mode.Reading : Mode.Lagging;
            return _mode == Mode.Reading;
        }

        return false;
    }
}

using System.Threading.Channels;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>
/// One channel's way from the frames to the application's loop: each offset once and in order, and a bounded queue. A loop that lags
/// behind the queue gets the rest from the history.
/// </summary>
/// <remarks>Frames come from one thread at a time; the loop is another.</remarks>
internal sealed class ChannelFeed(string channel, SubscribeOptions options)
{
    private const int MostQueuedBytes = 4 * 1024 * 1024;
    private const int EventBytes = 64;
    private const int MostPage = 256;

    private readonly Lock _gate = new();
    private readonly Channel<ChannelEvent> _queue = System.Threading.Channels.Channel.CreateBounded<ChannelEvent>(
        new BoundedChannelOptions(options.QueueLength) { SingleReader = true });
    private readonly TaskCompletionSource _live = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Mode _mode;
    private StreamPosition? _position = options.Since;
    private StreamPosition? _top;
    private long _queuedBytes;

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
                return _mode == Mode.Live ? _position : null;
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
        var behind = false;
        lock (_gate)
        {
            var from = _position ??= position;
            if (_mode != Mode.Live
                || !Put_NeedsLock(new ChannelSubscribed(Channel, position, recovered, presence))
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
                _ = _mode == Mode.Live && Put_NeedsLock(frame.Message(Channel, null));
            }
            else if (_position is { } position)
            {
                var at = position with { Offset = offset };
                if (_mode != Mode.Live)
                {
                    behind = Lag_NeedsLock(_top is { } top ? top with { Offset = Math.Max(top.Offset, offset) } : at);
                }
                else if (offset > position.Offset)
                {
                    var hole = offset > position.Offset + 1 && !Options.Conflate;
                    if (!hole && Put_NeedsLock(frame.Message(Channel, position.Epoch)))
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
            if (Reached_NeedsLock(position))
            {
                return;
            }

            var gap = new ChannelGap(Channel, position, frame.Whole("from") ?? 0, frame.Whole("to") ?? 0, frame.Text("reason") ?? "trimmed");
            if (_mode != Mode.Live || !Put_NeedsLock(gap))
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

    /// <summary>Somebody has come or gone.</summary>
    public void OnMember(ChannelEvent change)
    {
        var behind = false;
        lock (_gate)
        {
            if (_mode == Mode.Live && !Put_NeedsLock(change) && _position is { } position)
            {
                behind = Lag_NeedsLock(position);
            }
        }

        Tell(behind);
    }

    /// <summary>The subscription cannot be had on this connection.</summary>
    public void OnError(ErrorCode code, string error)
    {
        lock (_gate)
        {
            Put_NeedsLock(new ChannelError(Channel, code, error));
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

                if (_top?.Epoch != history.Position.Epoch)
                {
                    _top = null;
                }
            }

            var all = true;
            foreach (var message in history.Messages)
            {
                if (message.Position is { } at && at.Offset > _position.Value.Offset)
                {
                    if (!Put_NeedsLock(message))
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

    /// <summary>Who is there, asked for on the way.</summary>
    public void OnPresence(ChannelPresence presence)
    {
        lock (_gate)
        {
            if (_mode == Mode.Live && _position is { } position)
            {
                Put_NeedsLock(new ChannelSubscribed(Channel, position, null, presence));
            }
        }
    }

    /// <summary>Nothing more comes: the loop gets what is queued, then the end or the error.</summary>
    public void Complete(TidingsException? error)
    {
        _queue.Writer.TryComplete(error);
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
    public async IAsyncEnumerable<ChannelEvent> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_queue.Reader.TryRead(out var next))
            {
                Interlocked.Add(ref _queuedBytes, -BytesOf(next));
                if (_queue.Reader.Count == 0)
                {
                    OnEmptied();
                }

                yield return next;
            }
        }
    }

    private static int BytesOf(ChannelEvent told) => EventBytes + (told is ChannelMessage message ? message.Data.Length : 0);

    private void OnEmptied()
    {
        bool behind;
        lock (_gate)
        {
            behind = _mode == Mode.Lagging && Lag_NeedsLock(_top ?? _position!.Value);
        }

        Tell(behind);
    }

    private void Tell(bool behind)
    {
        if (behind)
        {
            Behind(this);
        }
    }

    private bool Put_NeedsLock(ChannelEvent told)
    {
        var bytes = BytesOf(told);
        var before = Interlocked.Read(ref _queuedBytes);
        if ((before > 0 && before + bytes > MostQueuedBytes) || !_queue.Writer.TryWrite(told))
        {
            return false;
        }

        Interlocked.Add(ref _queuedBytes, bytes);
        return true;
    }

    // What lies between is gone; false where the queue has no place to say so.
    private bool Skip_NeedsLock(StreamPosition from, StreamPosition to)
    {
        var sameEpoch = from.Epoch == to.Epoch;
        var gap = new ChannelGap(Channel, to, from.Offset + 1, sameEpoch ? to.Offset : from.Offset, sameEpoch ? "trimmed" : "epoch");
        if (!Put_NeedsLock(gap))
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
        if (_mode != Mode.Reading)
        {
            _mode = _queue.Reader.Count == 0 && _position is not null ? Mode.Reading : Mode.Lagging;
            return _mode == Mode.Reading;
        }

        return false;
    }
}

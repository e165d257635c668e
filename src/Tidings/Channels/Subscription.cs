using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Channels;

/// <summary>How a subscription gets the channel's messages.</summary>
internal enum SubscriptionState : byte
{
    /// <summary>All that is said from the joining on, from the next message on; nothing that was said before.</summary>
    Live,

    /// <summary>What is said waits until it is known where the subscription begins.</summary>
    Waiting,

    /// <summary>What it missed is on its way, then what was said meanwhile.</summary>
    CatchingUp,

    Ended,
}

/// <summary>Leaves messages out of one subscription. Called on its lane, with each message in order.</summary>
internal interface IMessageFilter
{
    /// <summary>Whether it will leave out nothing more.</summary>
    bool HasPassed { get; }

    bool LeavesOut(Message message);
}

/// <summary>One connection's place in one channel, in the words of one dialect. All but the constructor belongs to the connection's lane.</summary>
/// <remarks>
/// <see cref="SubscriptionState.Live"/> ones need nothing of their own: their lane has shown all of them the same. The others look at
/// each message's offset, so that what a log read and the live stream both hold is sent once, in order.
/// </remarks>
internal sealed class Subscription(Connection connection, Dialect dialect) : IQueueWaiter
{
    // The longest name of a channel, and the fields of a gap.
    private const int LargestGap = 512;

    // Null while nothing waits, as it is for nearly all of them nearly always.
    private Backlog? _backlog;
    private StreamPosition _seen;

    /// <summary>Makes a subscription that waits for <see cref="Start"/>.</summary>
    /// <param name="connection">Whose.</param>
    /// <param name="dialect">In which words.</param>
    /// <param name="conflates">Whether only the newest message of each key is wanted while the connection lags.</param>
    /// <param name="skipsWhenSlow">Whether a connection that lags is told of a gap, and not closed.</param>
    /// <param name="filter">What it leaves out, or null.</param>
    public static Subscription Waiting(Connection connection, Dialect dialect, bool conflates, bool skipsWhenSlow, IMessageFilter? filter = null) =>
        new(connection, dialect) { State = SubscriptionState.Waiting, Conflates = conflates, SkipsWhenSlow = skipsWhenSlow, Filter = filter };

    public Connection Connection => connection;
    public Dialect Dialect => dialect;
    public SubscriptionState State { get; private set; }

    /// <summary>Where it subscribed. Set by the channel, under its lock.</summary>
    public ChannelState? Channel { get; set; }

    /// <summary>Where it stands among its lane's subscribers of the channel; −1 while it is not among them.</summary>
    public int Index { get; set; } = -1;

    /// <summary>What this one alone leaves out, for as long as that can be; or null.</summary>
    public IMessageFilter? Filter { get; init; }

    /// <summary>Which of the lane's two lists it is in.</summary>
    public bool IsInLive { get; set; }

    /// <summary>Whether it got the message that its lane has shown last, so that the next may say what changed since.</summary>
    public bool HasLast { get; set; }

    /// <summary>Bytes that wait before they may go into the connection's queue, besides what the log keeps anyway.</summary>
    public long HeldBytes => _backlog?.Bytes ?? 0;

    /// <summary>Begins: first what the log holds after the start, and the state where it is wanted, then what came meanwhile, then all that comes.</summary>
    public void Start(HistoryPart history)
    {
        if (State != SubscriptionState.Waiting)
        {
            return;
        }

        State = SubscriptionState.CatchingUp;
        _seen = history.Start;
        if (_backlog?.ClearedTo is { } epoch && epoch != history.Top.Epoch)
        {
            // It was read before it was erased.
            history = history with { Messages = [], State = history.State.Count > 0 ? StatePart.Cut(Channel!.Name, []) : [] };
        }

        if (history.Messages.Count + history.State.Count > 0)
        {
            (_backlog ??= new Backlog()).BeginWith(history.State.Count > 0 ? [.. history.Messages, .. history.State] : history.Messages);
        }

        foreach (var erasure in _backlog?.TakeErasures() ?? [])
        {
            TakeErasure(erasure);
        }

        Drain();
        if (_backlog is { LogBytes: > 0 } backlog)
        {
            Charge(backlog);
        }
    }

    /// <summary>Whether something was erased while it waited.</summary>
    public bool HasErasures => _backlog is { HasErasures: true } or { ClearedTo: not null };

    /// <summary>From here on nothing more is sent for it, whatever its lane still has for the channel.</summary>
    public void End()
    {
        State = SubscriptionState.Ended;
        DropBacklog();
    }

    /// <summary>Takes a message that is not simply the next one for everybody.</summary>
    public void Offer(Message message)
    {
        if (State == SubscriptionState.Ended)
        {
            return;
        }

        if (message.Kind == MessageKind.Erasure)
        {
            TakeErasure(message);
        }
        else if (State == SubscriptionState.Waiting || _backlog is not null || (IsSelective && !HasRoomFor(message)))
        {
            Hold(message);
        }
        else
        {
            Send(message);
        }
    }

    /// <summary>Whether it has seen all that its lane has shown, and needs no looking at any more.</summary>
    public bool HasCaughtUp(StreamPosition shown) =>
        State == SubscriptionState.CatchingUp && _backlog is null && !IsSelective && _seen == shown && Filter is null or { HasPassed: true };

    /// <summary>Whether the message is not for this connection.</summary>
    public bool IsExcepted(Message message) =>
        message.Except is { } except && connection.Tag is IRecipient recipient && except.Has(recipient.Id, recipient.User);

    /// <summary>From here on it gets what all get.</summary>
    public void GoLive() => State = SubscriptionState.Live;

    void IQueueWaiter.OnRoom() => Drain();

    private bool Conflates { get; init; }

    private bool SkipsWhenSlow { get; init; }

    private bool IsSelective => Conflates || SkipsWhenSlow;

    // A log longer than the connection's queue goes out as fast as the peer reads.
    private void Drain()
    {
        while (_backlog is { } backlog)
        {
            if (backlog.IsEmpty || connection.State > ConnectionState.Open)
            {
                DropBacklog();
                return;
            }

            var message = backlog.Peek();
            if (!HasRoomFor(message))
            {
                connection.AwaitRoom(this);
                return;
            }

            TellDropped(backlog, message);
            backlog.RemoveFirst();
            Send(message);
        }
    }

    // What waits for a slow peer takes memory, also when the log has long forgotten it.
    private void Charge(Backlog backlog)
    {
        var backlogs = connection.Registry.Backlogs;
        var places = (int)Math.Min(int.MaxValue, (backlog.LogBytes / ConnectionRegistry.BacklogPlace) + 1);
        if (backlogs.HasRoom(connection.Sender, places))
        {
            backlog.Charge = (backlogs.Take(connection.Sender, places), places);
        }
        else
        {
            connection.CloseAsSlow();
        }
    }

    private void DropBacklog()
    {
        if (_backlog?.Charge is { } charge)
        {
            connection.Registry.Backlogs.Give(charge.Share, charge.Places);
        }

        _backlog = null;
    }

    // Even a peer that reads nothing else must be able to get one message at a time: a client that comes back must be able to finish its recovery.
    private bool HasRoomFor(Message message) =>
        connection.QueuedBytes == 0
        || (!connection.IsBackedUp && connection.QueuedBytes + dialect.BytesOf(message).Length + LargestGap <= connection.Settings.QueueBytes);

    private void Hold(Message message)
    {
        if (_backlog is null)
        {
            _backlog = new Backlog();
            if (State == SubscriptionState.CatchingUp)
            {
                connection.AwaitRoom(this);
            }
        }

        if (message.Reason == GapReason.Cleared)
        {
            _backlog.Clear(message.Channel, message.Epoch);
        }

        if (IsSelective)
        {
            _backlog.HoldSelected(message, Conflates, connection.Settings.QueueBytes);
            return;
        }

        _backlog.Hold(message);
        if (_backlog.Bytes > connection.Settings.QueueBytes)
        {
            connection.CloseAsSlow();
        }
    }

    // What is still to be sent is not sent; of what was, the peer is told.
    private void TakeErasure(Message erasure)
    {
        if (_backlog?.TryErase(erasure) == true)
        {
            return;
        }

        if (State == SubscriptionState.Waiting)
        {
            (_backlog ??= new Backlog()).Remember(erasure);
        }
        else if (erasure.Epoch == _seen.Epoch && erasure.Offset <= _seen.Offset && dialect.BytesOf(erasure) is { Length: > 0 } frame)
        {
            connection.Send(frame);
        }
    }

    private void Send(Message message)
    {
        if (message.Kind == MessageKind.Gap)
        {
            if (message.Epoch != _seen.Epoch || message.Offset > _seen.Offset)
            {
                TellGap(message.Position, message.Epoch == _seen.Epoch ? GapReason.Trimmed : message.Reason ?? GapReason.Epoch);
            }

            return;
        }

        if (message.Offset > 0)
        {
            if (message.Epoch != _seen.Epoch)
            {
                TellGap(message.Position with { Offset = message.Offset - 1 }, GapReason.Epoch);
            }

            if (message.Offset <= _seen.Offset || State == SubscriptionState.Ended)
            {
                return;
            }

            if (message.Offset > _seen.Offset + 1 && !Conflates)
            {
                TellGap(_seen with { Offset = message.Offset - 1 }, SkipsWhenSlow ? GapReason.Slow : GapReason.Trimmed);
                if (State == SubscriptionState.Ended)
                {
                    return;
                }
            }

            _seen = message.Position;
        }

        if (IsExcepted(message) || (Filter is { } filter && filter.LeavesOut(message)))
        {
            HasLast = false;
            return;
        }

        if (dialect.BytesOf(message) is { Length: > 0 } frame)
        {
            HasLast = true;
            connection.Send(frame);
        }
    }

    // Who wants the newest of each key misses older ones as agreed. Only what had nothing newer in its place is a loss.
    private void TellDropped(Backlog backlog, Message next)
    {
        if (Conflates && next.Epoch == _seen.Epoch && backlog.DroppedTo > _seen.Offset && next.Offset > backlog.DroppedTo)
        {
            TellGap(_seen with { Offset = backlog.DroppedTo }, GapReason.Slow);
        }
    }

    private void TellGap(StreamPosition next, string reason)
    {
        var to = next.Epoch == _seen.Epoch ? next.Offset : _seen.Offset;
        if (dialect.Gap(Channel!.Name, new ChannelGap(next, _seen.Offset + 1, to, reason)) is { } told)
        {
            connection.Registry.Metrics.Gap(reason);
            connection.Send(told);
        }
        else
        {
            dialect.Missed(this);
        }

        _seen = next;
    }
}

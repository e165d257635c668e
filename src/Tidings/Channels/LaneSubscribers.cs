using System.Buffers;
using System.Runtime.InteropServices;
using Tidings.Lanes;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Channels;

/// <summary>Those of one lane's connections that are in one channel and speak one dialect. Belongs to that lane.</summary>
internal sealed class LaneSubscribers(Lane lane, Dialect dialect, string channel) : ILaneWork, IFanOut
{
    // Messages of one turn are put together up to this size, so that each subscriber costs one entry and one write for all of them.
    private const int LargestBatch = 64 * 1024;

    // Null until somebody speaks: most channels are quiet.
    private List<Message>? _pending;
    private SubscriptionList _live;
    private SubscriptionList _others;
    private StreamPosition _shown;

    // The last message that the live ones were shown, where the dialect says changes.
    private Message? _last;

    public Lane Lane => lane;
    public Dialect Dialect => dialect;

    /// <summary>How many subscribers there are or will be, as publishers see it. Guarded by the channel's lock.</summary>
    public int Members { get; set; }

    /// <summary>Joins, leaves and messages come here in the order in which the channel's lock let them through.</summary>
    void ILaneWork.Run(object? argument)
    {
        switch (argument)
        {
            case Message { Kind: MessageKind.Erasure } erasure:
                FanOut();
                SendErasure(erasure);
                break;
            case Message { Except: not null } message when dialect is not ChangeDialect:
                FanOut();
                SendExcept(message);
                break;
            case Message message:
                _pending ??= [];
                if (_pending.Count == 0)
                {
                    lane.MarkPending(this);
                }

                _pending.Add(message);
                if (message.Kind == MessageKind.Gap && message.Reason == GapReason.Cleared)
                {
                    // Before anybody begins with what was read of the erased log.
                    FanOut();
                }

                break;
            case Subscription { State: SubscriptionState.Ended } leaving:
                Remove(leaving);
                break;
            case Subscription joining:
                FanOut();
                Add(joining);
                break;
        }
    }

    public void FanOut()
    {
        if (_pending is not { Count: > 0 } pending)
        {
            return;
        }

        try
        {
            if (dialect is ChangeDialect changes)
            {
                SendChanges(changes, pending);
            }
            else
            {
                SendBatches(pending);
            }

            if (_others.Count > 0)
            {
                ShowOthers(CollectionsMarshal.AsSpan(pending));
            }

            foreach (var message in pending)
            {
                lane.Deliveries.Begin(message, _live.Count + _others.Count);
            }
        }
        finally
        {
            pending.Clear();
        }
    }

    private void SendBatches(List<Message> pending)
    {
        for (var i = 0; i < pending.Count;)
        {
            var first = i;
            SendToLive(NextBatch(pending, ref i), i - first);
        }
    }

    // No lambda: what it captures would be allocated where there are no changes, too.
    private void SendChanges(ChangeDialect changes, List<Message> pending)
    {
        foreach (var message in pending)
        {
            SendChange(changes, message);
        }
    }

    // What changed since the last message to those who got that one, the whole to the others.
    private void SendChange(ChangeDialect changes, Message message)
    {
        var gap = Advance(message);
        var whole = dialect.BytesOf(message);
        var change = _last is { } last && whole.Length > 0 && _live.Count > 0 ? changes.ChangeOf(last, message) : whole;
        for (var i = 0; i < _live.Count; i++)
        {
            if (_live[i] is not { State: SubscriptionState.Live } subscription)
            {
                continue;
            }

            if (gap.Length > 0)
            {
                subscription.Connection.Send(gap);
            }

            if (whole.Length > 0)
            {
                var isFor = !subscription.IsExcepted(message);
                if (isFor)
                {
                    subscription.Connection.Send(subscription.HasLast ? change : whole);
                }

                subscription.HasLast = isFor;
            }
        }

        if (whole.Length > 0)
        {
            _last = message;
        }
    }

    // To all but some: each is asked for, and so there is no batch. What was missed before it all are told.
    private void SendExcept(Message message)
    {
        var gap = Advance(message);
        var frame = dialect.BytesOf(message);
        for (var i = 0; i < _live.Count; i++)
        {
            if (_live[i] is not { State: SubscriptionState.Live } subscription)
            {
                continue;
            }

            if (gap.Length > 0)
            {
                subscription.Connection.Send(gap);
            }

            if (frame.Length > 0 && !subscription.IsExcepted(message))
            {
                subscription.Connection.Send(frame);
            }
        }

        ShowOthers([message]);
        lane.Deliveries.Begin(message, _live.Count + _others.Count);
    }

    // Beside the order of the log: it is for those who have been shown the message, and for those who still have it to come.
    private void SendErasure(Message erasure)
    {
        var frame = dialect.BytesOf(erasure);
        _last = null;
        for (var i = 0; i < _live.Count && frame.Length > 0 && erasure.Epoch == _shown.Epoch && erasure.Offset <= _shown.Offset; i++)
        {
            if (_live[i].State == SubscriptionState.Live)
            {
                _live[i].Connection.Send(frame);
            }
        }

        for (var i = 0; i < _others.Count; i++)
        {
            _others[i].Offer(erasure);
        }
    }

    private void Add(Subscription subscription)
    {
        subscription.IsInLive = subscription.State == SubscriptionState.Live || subscription.HasCaughtUp(_shown);
        if (subscription.IsInLive)
        {
            subscription.HasLast = false;
            subscription.GoLive();
        }

        (subscription.IsInLive ? ref _live : ref _others).Add(subscription);
    }

    private void Remove(Subscription subscription)
    {
        if (subscription.Index >= 0)
        {
            (subscription.IsInLive ? ref _live : ref _others).Remove(subscription);
        }
    }

    private void SendToLive(byte[] frames, int messages)
    {
        if (frames.Length == 0)
        {
            return;
        }

        for (var i = 0; i < _live.Count; i++)
        {
            // One that has left in this turn is taken out only later, and gets nothing after it was told.
            var subscription = _live[i];
            if (subscription.State == SubscriptionState.Live)
            {
                subscription.Connection.Send(frames, messages);
            }
        }
    }

    private void ShowOthers(ReadOnlySpan<Message> pending)
    {
        for (var i = _others.Count - 1; i >= 0; i--)
        {
            var subscription = _others[i];
            subscription.HasLast = false;
            foreach (var message in pending)
            {
                subscription.Offer(message);
            }

            if (subscription.HasCaughtUp(_shown))
            {
                _others.Remove(subscription);
                subscription.GoLive();
                subscription.IsInLive = true;
                _live.Add(subscription);
            }
        }
    }

    private byte[] NextBatch(List<Message> pending, ref int at)
    {
        var first = Show(pending[at++]);
        var bytes = first.Length;
        var end = at;
        while (end < pending.Count && bytes + dialect.BytesOf(pending[end]).Length <= LargestBatch)
        {
            bytes += dialect.BytesOf(pending[end++]).Length;
        }

        ArrayBufferWriter<byte>? batch = null;
        for (; at < end; at++)
        {
            // A dialect that leaves a message out has no bytes for it, and may leave out all of them.
            if (Show(pending[at]) is not { Length: > 0 } next)
            {
                continue;
            }

            if (batch is null)
            {
                batch = new ArrayBufferWriter<byte>(Math.Max(bytes, first.Length + next.Length));
                batch.Write(first);
            }

            batch.Write(next);
        }

        return batch is null ? first : batch.WrittenSpan.ToArray();
    }

    // The bytes of the next message for those that have seen all before it. What is missing before it they are told first.
    private byte[] Show(Message message)
    {
        var gap = Advance(message);
        var frame = dialect.BytesOf(message);
        return gap.Length == 0 ? frame : [.. gap, .. frame];
    }

    // The lane has come to a message. What is missing before it is told in words, or in these bytes.
    private byte[] Advance(Message message)
    {
        var isGap = message.Kind == MessageKind.Gap;
        if (message.Offset == 0 && !isGap)
        {
            return [];
        }

        var before = _shown;
        var next = isGap ? message.Position : message.Position with { Offset = message.Offset - 1 };
        var misses = before.Epoch != message.Epoch || next.Offset > before.Offset;
        if (misses || !isGap)
        {
            _shown = message.Position;
        }

        if (!misses || before.Epoch is null)
        {
            return [];
        }

        var gap = before.Epoch == message.Epoch
            ? new ChannelGap(next, before.Offset + 1, next.Offset, GapReason.Trimmed)
            : new ChannelGap(next, before.Offset + 1, before.Offset, message.Reason ?? GapReason.Epoch);
        if (dialect.Gap(channel, gap) is not { } told)
        {
            for (var i = 0; i < _live.Count; i++)
            {
                dialect.Missed(_live[i]);
            }

            return [];
        }

        if (_live.Count > 0)
        {
            _live[0].Connection.Registry.Metrics.Gap(gap.Reason, _live.Count);
        }

        return told;
    }
}

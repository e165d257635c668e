using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client;

/// <content>Where a subscription begins, alone or among others of its channel.</content>
internal sealed partial class ChannelFeed
{
    private bool _begun;
    private bool _beginning;

    /// <summary>Asked, without the lock, to begin this by itself: the channel was asked for another beginning.</summary>
    public required Action<ChannelFeed> Beginning { get; init; }

    /// <summary>Whether it has been live.</summary>
    public bool HasBegun => Volatile.Read(ref _begun);

    /// <summary>Once for each connection: false where it is being done already.</summary>
    public bool TryBegin()
    {
        lock (_gate)
        {
            return !_beginning && (_beginning = true);
        }
    }

    /// <summary>The connection has ended, and with it what was asked.</summary>
    public void Suspend()
    {
        lock (_gate)
        {
            _beginning = false;
            _coming = null;
        }

        OnHistoryFailed(again: false);
    }

    /// <summary>A frame of the channel, or the answer to its command.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="asked">What the server was asked for.</param>
    /// <param name="again">Whether it was asked in the midst of a connection, for the sake of another subscription.</param>
    public void On(ServerFrame frame, ChannelWish asked, bool again)
    {
        switch (frame.Type)
        {
            case "message":
                OnMessage(frame);
                break;
            case "state":
                OnState(frame);
                break;
            case "gap":
                OnGap(frame);
                break;
            case "removed" when frame.Offset is { } offset:
                OnRemoved(offset);
                break;
            case "join" when frame.Object("member")?.Member() is { } member:
                OnMember(new ChannelJoin(Channel, member));
                break;
            case "leave" when frame.Object("member")?.Member() is { } member:
                OnMember(new ChannelLeave(Channel, member));
                break;
            case "update" when frame.Object("member")?.Member() is { } member:
                OnMember(new ChannelUpdate(Channel, member));
                break;
            case "occupancy" when frame.Whole("subscribers") is { } subscribers:
                OnOccupancy((int)Math.Min(subscribers, int.MaxValue));
                break;
            case "subscribed" when frame.Position is { } position:
                OnAnswer(frame, position, asked, again);
                break;
        }
    }

    // Whoever stands where the server was asked to begin has its answer; the others go on, or begin, by the history.
    private void OnAnswer(ServerFrame frame, StreamPosition position, ChannelWish asked, bool again)
    {
        if (WantsState)
        {
            // Where it was not asked for, another answer is still to come.
            if (asked.State)
            {
                OnAnswerWithState(position);
            }

            return;
        }

        var presence = Options.Presence ? frame.Object("presence")?.Presence() : null;
        StreamPosition at;
        bool begins;
        bool elsewhere;
        lock (_gate)
        {
            begins = _position is null && (asked.Since is not null || asked.Last != Options.Last);
            elsewhere = _mode == Mode.Live && _position is { } from && from != asked.Since && (frame.Recovered == false || from.Epoch != position.Epoch);
            at = frame.Recovered == true || elsewhere ? _position ?? position : position;
        }

        if (begins)
        {
            Beginning(this);
        }
        else if (elsewhere)
        {
            OnSubscribed(at, null, presence);
            CatchUp(position);
        }
        else if (!again || frame.Recovered == false || !HasBegun)
        {
            OnSubscribed(at, frame.Recovered, presence);
        }
    }
}

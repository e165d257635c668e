using Tidings.Brokers;
using Tidings.Dialects;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Sessions;

/// <summary>A subscription that is made while the connection comes, and where in the log it begins.</summary>
/// <param name="Membership">The channel.</param>
/// <param name="History">What of the log comes first.</param>
/// <param name="Since">After which position that was asked for, or null.</param>
internal readonly record struct FirstSubscription(ChannelMembership Membership, HistoryPart History, StreamPosition? Since)
{
    /// <summary>The subscription as it begins. Nothing of the log is in it: what is recovered follows.</summary>
    public Outcome.Subscribed Describe(ChannelSession session) => new(
        Membership.Channel, History.Start, Since is null ? null : History.Recovered, Members: null, Membership.Grant?.Expires, History.Messages.Count)
    {
        IsRecoverable = Membership.IsRecoverableBy(session),
    };

    /// <summary>Tells what was asked for and is gone. Called on the connection's lane, after <c>connected</c> was sent.</summary>
    public void TellGap()
    {
        if (Since is not { } since || History.Recovered)
        {
            return;
        }

        // A position that the log has never reached is as foreign to it as one of another epoch.
        var top = History.Top;
        var trimmed = since.Epoch == top.Epoch && since.Offset < top.Offset;
        var subscription = Membership.Subscription;
        var gap = new ChannelGap(top, since.Offset + 1, trimmed ? top.Offset : since.Offset, trimmed ? GapReason.Trimmed : GapReason.Epoch);
        if (subscription.Dialect.Gap(Membership.Channel, gap) is { } told)
        {
            subscription.Connection.Send(told);
        }
        else
        {
            subscription.Dialect.Missed(subscription);
        }
    }

    /// <summary>Has messages go out. Called on the connection's lane, after all gaps were told.</summary>
    public void Start()
    {
        if (Since is not null)
        {
            Membership.Subscription.Connection.Registry.Metrics.Recovery(History.Recovered);
        }

        Membership.Subscription.Start(History);
        Membership.Grant?.Start();
        Membership.Watches?.Presence?.Start(HistoryPart.None);
        Membership.Watches?.Occupancy?.Start(HistoryPart.None);
    }
}

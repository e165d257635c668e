using Tidings.Dialects;
using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Security.Identities;

namespace Tidings.Sessions;

/// <summary>A subscription by a token of its own, until that token ends. Belongs to the connection's lane.</summary>
internal sealed class SubscriptionGrant(ChannelSession session, string channel, Identity identity, Subscribing subscribing) : TimerEntry
{
    private readonly TimeProvider _time = session.Connection.Registry.Time;

    /// <summary>The user, with what is granted in this channel.</summary>
    public Identity Identity { get; private set; } = identity;

    /// <summary>In how many seconds the token ends; null where it does not.</summary>
    public long? Expires => Identity.ExpiresAt == long.MaxValue ? null : Math.Max(0, Left / 1000);

    private bool IsRevoked => session.Connection.Registry.Revocations.EndOf(Identity) is not null;

    /// <summary>The subscription has begun, or something was revoked: it ends with the token.</summary>
    public void Start()
    {
        if (IsRevoked)
        {
            session.Connection.Lane.Timers.Schedule(this, session.Connection.Lane.Now);
            return;
        }

        // The wall clock says when a token ends; the wheel only when to look at it.
        if (Identity.ExpiresAt < long.MaxValue)
        {
            var lane = session.Connection.Lane;
            lane.Timers.Schedule(this, lane.Now + Math.Max(0, Left));
        }
    }

    /// <summary>Goes on with a newer token.</summary>
    public void Renew(Identity newer)
    {
        Identity = newer;
        End();
        Start();
    }

    /// <summary>The subscription has ended.</summary>
    public void End() => session.Connection.Lane.Timers.Cancel(this);

    protected internal override void OnDue()
    {
        var revoked = IsRevoked;
        if (Left > 0 && !revoked)
        {
            Start();
        }
        else if (!session.Ended && session.Find(channel) is { } membership && membership.Grant == this)
        {
            subscribing.Unsubscribe(session, membership);
            session.Say(revoked ? new Notice.Unsubscribed(channel, ErrorCode.NotAllowed, "Token revoked") : new Notice.Unsubscribed(channel, ErrorCode.Expired, "Token expired"));
        }
    }

    private long Left => Identity.ExpiresAt - _time.GetUtcNow().ToUnixTimeMilliseconds();
}

using Tidings.Dialects;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.Sessions;

/// <content>What is held when a user shows a new token.</content>
internal sealed partial class Subscribing
{
    /// <summary>The session's user has shown a new token, or is known for the first time: subscriptions that are no longer allowed end, with a notice.</summary>
    public async ValueTask ReviewAsync(ChannelSession session)
    {
        foreach (var membership in session.All.ToList())
        {
            if (session.Ended || session.Find(membership.Channel) != membership)
            {
                continue;
            }

            if (!membership.ByServer && !await MayStayAsync(session, membership).ConfigureAwait(false))
            {
                await session.Connection.Lane.SwitchTo();
                if (!session.Ended && session.Find(membership.Channel) == membership)
                {
                    Unsubscribe(session, membership);
                    session.Say(new Notice.Unsubscribed(membership.Channel, ErrorCode.NotAllowed, "Not allowed"));
                }
            }
            else
            {
                await RenameAsync(session, membership).ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask<bool> MayStayAsync(ChannelSession session, ChannelMembership membership)
    {
        var who = membership.Grant?.Identity ?? session.Identity;
        var may = Permissions.MaySubscribe(membership.Kind, membership.Channel, who)
            && (membership.Watches?.Occupancy is null || Permissions.MaySeeOccupancy(membership.Kind, membership.Channel, who))
            && (membership.Watch is null || Permissions.MaySeePresence(membership.Kind, membership.Channel, who));
        return may
            && (membership.Kind.OnSubscribe is not { } handler
                || (await handler.OnSubscribeAsync(session.Peer, membership.Channel, CancellationToken.None).ConfigureAwait(false)).Refusal is null);
    }

    // A session that was anonymous when it subscribed is present under its user's name from here on.
    private async ValueTask RenameAsync(ChannelSession session, ChannelMembership membership)
    {
        await session.Connection.Lane.SwitchTo();
        var before = membership.AttendanceOf(session);
        if (session.Ended || membership.Member is not null || before.User == session.PresenceName)
        {
            return;
        }

        membership.PresenceName = session.PresenceName;
        if (membership.Kind.Presence)
        {
            await RenamePresenceAsync(session, membership, before).ConfigureAwait(false);
        }
    }
}

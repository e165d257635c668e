using Tidings.Channels;
using Tidings.Messages;
using Tidings.Presence;

namespace Tidings.Sessions;

/// <content>Who is there: users, and where some dialect shows them, connections each by itself.</content>
internal sealed partial class Subscribing
{
    private volatile bool _showsConnections;

    /// <summary>Has the store know each connection by itself, too: there is a dialect that shows them. Called before anybody subscribes.</summary>
    public void ShowConnections() => _showsConnections = true;

    private async Task JoinPresenceAsync(ChannelSession session, ChannelMembership membership, ReadOnlyMemory<byte> tracked)
    {
        await presence.JoinAsync(membership.AttendanceOf(session), tracked).ConfigureAwait(false);
        if (_showsConnections)
        {
            var member = new ConnectionMember(membership.Member?.User ?? session.User, membership.Member?.Info ?? session.Info, membership.Grant?.Identity.Info);
            await presence.JoinAsync(ConnectionPresence.Of(membership.Channel, session.Id) with { Said = member.ToJson() }).ConfigureAwait(false);
        }
    }

    private async Task LeavePresenceAsync(ChannelSession session, ChannelMembership membership)
    {
        await presence.LeaveAsync(membership.AttendanceOf(session)).ConfigureAwait(false);
        if (_showsConnections)
        {
            await presence.LeaveAsync(ConnectionPresence.Of(membership.Channel, session.Id)).ConfigureAwait(false);
        }
    }

    private async Task RenamePresenceAsync(ChannelSession session, ChannelMembership membership, Attendance before)
    {
        if (_showsConnections)
        {
            // What is known of a member is what was known when it came.
            await presence.LeaveAsync(ConnectionPresence.Of(membership.Channel, session.Id)).ConfigureAwait(false);
        }

        await JoinPresenceAsync(session, membership, presence.TrackedBy(before)).ConfigureAwait(false);
        await presence.LeaveAsync(before).ConfigureAwait(false);
    }

    private ValueTask WatchAsync(ChannelSession session, string channel, Subscription watch)
    {
        var watched = session.Dialect.SeesConnections ? ConnectionPresence.Of(channel) : channel;
        hub.TryJoin(watch, PresenceChannel.Of(watched));
        return presence.WatchAsync(watched);
    }
}

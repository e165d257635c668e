using Tidings.Dialects;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Rules;

namespace Tidings.Sessions;

/// <content>Who is there, and what they say of themselves.</content>
internal sealed partial class CommandActions
{
    private const int MostMembers = 1000;

    private async ValueTask PresenceAsync(ChannelSession session, Command command, ChannelKind kind)
    {
        var channel = command.Target.Channel;
        if (!await MayReadAsync(session, kind, channel).ConfigureAwait(false))
        {
            await session.Connection.Lane.SwitchTo();
            Forbid(session, command, PermissionReason.Application(channel));
            return;
        }

        var limit = Math.Min(command.Limit ?? MostMembers, MostMembers);
        var list = await presence.ReadAsync(session.Dialect.SeesConnections ? ConnectionPresence.Of(channel) : channel, limit).ConfigureAwait(false);
        await session.Connection.Lane.SwitchTo();
        session.Answer(command, new Outcome.Presence(channel, list));
    }

    // An update is told like a message: it counts against the channel's rate, too.
    private async ValueTask TrackAsync(ChannelSession session, Command command)
    {
        var connection = session.Connection;
        var channel = command.Target.Channel;
        if (!connection.TryPublish(channel, out var refusal))
        {
            session.Answer(command, Outcome.Refused.By(refusal));
            return;
        }

        var isTracked = session.IsRequest
            ? await TrackForRequestAsync(session, channel, command.Target.Info).ConfigureAwait(false)
            : await subscribing.TrackAsync(session, channel, command.Target.Info).ConfigureAwait(false);
        await connection.Lane.SwitchTo();
        session.Answer(command, isTracked ? new Outcome.Tracked(channel) : new Outcome.Refused(ErrorCode.NotAllowed, NotSubscribed));
    }

    // A request speaks for the stream that it belongs to: one of this node, or its user's on another.
    private async ValueTask<bool> TrackForRequestAsync(ChannelSession session, string channel, ReadOnlyMemory<byte> info)
    {
        if (session.Stream is not { } stream)
        {
            return false;
        }

        var request = new NodeRequest(NodeAction.Track, NodeTarget.Connection, stream.Id) { From = session.User, Channel = channel, Data = info };
        return (stream.IsHere || session.User is not null) && await everywhere.DoOnAsync(stream.IsHere, request).ConfigureAwait(false) > 0;
    }
}

using System.Globalization;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Events;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;
using Tidings.Rules;
using Tidings.Security.Tokens;

namespace Tidings.Rooms;

/// <summary>Text rooms: what one says, all in the room hear, the speaker too.</summary>
internal sealed class RoomHandler(Hub hub, IBroker broker, ChannelKinds kinds, RoomDialect dialect, FirstMessage? firstMessage) : TextRouteHandler(firstMessage)
{
    private static readonly byte[] NotAllowed = Frame.Text("""{"error":"Not allowed"}"""u8);
    private static readonly byte[] Unavailable = Frame.Text("""{"error":"Service unavailable"}"""u8);

    public override string ProtocolName => "room";

    /// <summary>Makes the connection a member of the room, where its user may be one.</summary>
    /// <param name="connection">A connection that is a member of nothing.</param>
    /// <param name="room">The room.</param>
    /// <param name="limit">How many members it may have; 0 is no limit.</param>
    /// <returns>Why not, or null.</returns>
    public async ValueTask<DisconnectCode?> JoinAsync(Connection connection, string room, int limit)
    {
        var channel = ChannelName.RoomPrefix + room;
        var kind = kinds.FindRoom(channel);
        if (!Permissions.MaySubscribe(kind, channel, connection.Identity))
        {
            connection.Tag = PermissionReason.Of(kind, channel, TokenActions.Subscribe, connection.Identity);
            return connection.Identity is null ? DisconnectCode.Unauthorized : DisconnectCode.Forbidden;
        }

        if (kind.OnSubscribe is { } handler
            && (await handler.OnSubscribeAsync(PeerOf(connection), channel, CancellationToken.None).ConfigureAwait(false)).Refusal is not null)
        {
            connection.Tag = PermissionReason.Application(channel);
            return DisconnectCode.Forbidden;
        }

        if (TryJoin(connection, room, limit))
        {
            await broker.ListenAsync(channel).ConfigureAwait(false);
            return null;
        }

        connection.Registry.Metrics.Refused("room");
        return DisconnectCode.TooManyConnections;
    }

    /// <summary>Makes the connection a member of the room before its handshake is answered. Any thread, once.</summary>
    /// <returns>False where the room has <paramref name="limit"/> members already; 0 is no limit.</returns>
    public bool TryJoin(Connection connection, string room, int limit)
    {
        var subscription = new Subscription(connection, dialect.For(connection.Deflate));

        // Before it joins: from then on the lane may close the connection, and must find what it has to leave.
        connection.Tag = subscription;
        if (hub.TryJoin(subscription, ChannelName.RoomPrefix + room, limit))
        {
            return true;
        }

        connection.Tag = null;
        return false;
    }

    public override EventSubject? Describe(Connection connection) =>
        connection.Tag is Subscription ? new EventSubject { User = connection.Identity?.User, Connection = connection.SharedId, Transport = "websocket" } : null;

    public override void OnClosed(Connection connection, DisconnectCode code)
    {
        if (connection.Tag is Subscription subscription)
        {
            connection.Tag = null;
            hub.Leave(subscription);
        }
    }

    protected override void OnContent(Connection connection, ReadOnlySpan<byte> text)
    {
        var room = ((Subscription)connection.Tag!).Channel!.Name;
        var kind = kinds.FindRoom(room);
        if (!Permissions.MayPublish(kind, room, connection.Identity))
        {
            var why = PermissionReason.Of(kind, room, TokenActions.Publish, connection.Identity);
            connection.Send(connection.Registry.Refusals.Add("Not allowed", connection.Address, why) is { } details ? Reply.Refused("Not allowed", details) : NotAllowed);
        }
        else if (!connection.TryPublish(room, out _))
        {
            connection.Send(RateLimited);
        }
        else if (kind.OnPublish is { } handler)
        {
            connection.Suspend();
            _ = AskAndPublishAsync(connection, room, kind, MessageData.Text(text), handler);
        }
        else
        {
            Publish(connection, room, kind, MessageData.Text(text));
        }
    }

    protected override ValueTask<DisconnectCode?> ReviewAsync(Connection connection) => ValueTask.FromResult<DisconnectCode?>(
        connection.Tag is not Subscription { Channel.Name: { } room } || Permissions.MaySubscribe(kinds.FindRoom(room), room, connection.Identity)
            ? null
            : DisconnectCode.Forbidden);

    private static ChannelPeer PeerOf(Connection connection) =>
        new(connection.Id.ToString(CultureInfo.InvariantCulture), connection.Identity?.User) { Principal = connection.Identity?.Principal };

    private void Publish(Connection connection, string room, ChannelKind kind, MessageData data)
    {
        var publishing = broker.PublishAsync(new Publication(room, data) { From = connection.Identity?.User, Sender = connection.Sender, Retention = kind.Retention });
        if (!publishing.IsCompletedSuccessfully)
        {
            _ = AnswerFailureAsync(connection, publishing);
        }
    }

    // The application's own code looks at the message first; the next one is not taken before.
    private async Task AskAndPublishAsync(Connection connection, string room, ChannelKind kind, MessageData data, IPublishHandler handler)
    {
        HandlerVerdict verdict;
        try
        {
            verdict = await handler.OnPublishAsync(PeerOf(connection), new PublishRequest(room, data.ToJson()), CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever went wrong, the peer gets an answer, and its next message a turn.
        catch (Exception error)
#pragma warning restore CA1031
        {
            connection.LogFailure(error);
            verdict = HandlerVerdict.Refuse(ErrorCode.Internal, "Internal error");
        }

        await connection.Lane.SwitchTo();
        if (verdict.Refusal is not null)
        {
            var answer = JsonFrame.Begin();
            answer.Writer.WriteString("error"u8, verdict.Error ?? "Not allowed");
            connection.Send(answer.End());
        }
        else if (!verdict.Drop)
        {
            Publish(connection, room, kind, verdict.Change(data));
        }

        connection.Resume();
    }

    private static async Task AnswerFailureAsync(Connection connection, ValueTask<StreamPosition?> publishing)
    {
        try
        {
            await publishing.ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            connection.SendLater(Unavailable);
        }
    }
}

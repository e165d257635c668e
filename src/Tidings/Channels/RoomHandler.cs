using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.Channels;

/// <summary>Text rooms: what one says, all in the room hear, the speaker too.</summary>
internal sealed class RoomHandler(Hub hub, IBroker broker, ChannelKinds kinds, DialectFamily dialects) : TextRouteHandler
{
    private static readonly byte[] Unavailable = Frame.Text("""{"error":"Service unavailable"}"""u8);

    /// <summary>Makes the connection a member of the room before its handshake is answered. Any thread, once.</summary>
    /// <returns>False where the room has <paramref name="limit"/> members already; 0 is no limit.</returns>
    public bool TryJoin(Connection connection, string room, int limit)
    {
        var subscription = new Subscription(connection, dialects.For(connection.Deflate));

        // Before it joins: from then on the lane may close the connection, and must find what it has to leave.
        connection.Tag = subscription;
        if (hub.TryJoin(subscription, ChannelName.RoomPrefix + room, limit))
        {
            return true;
        }

        connection.Tag = null;
        return false;
    }

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
        if (!connection.TryPublish(room, out _))
        {
            connection.Send(RateLimited);
            return;
        }

        var publishing = broker.PublishAsync(new Publication(room, MessageData.Text(text)) { Retention = kinds.Find(room).Retention });
        if (!publishing.IsCompletedSuccessfully)
        {
            _ = AnswerFailureAsync(connection, publishing);
        }
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

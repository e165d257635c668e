using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Rooms;

namespace Tidings.AspNetCore.Endpoints;

/// <summary>Brings what a lane reads to the handlers of a route, which run elsewhere.</summary>
/// <param name="textHeartbeat">Whether pings and pongs in text are the route's own, and not messages.</param>
internal sealed class EndpointHandler(bool textHeartbeat) : ConnectionHandler
{
    private static readonly byte[] PongText = Frame.Text("""{"type":"pong"}"""u8);
    private static readonly byte[] RateLimited = Frame.Text("""{"error":"Rate limit exceeded"}"""u8);
    private static readonly byte[] TooLarge = Frame.Text("""{"error":"Message too large"}"""u8);

    public override string ProtocolName => "endpoint";

    public override void OnText(Connection connection, ReadOnlySpan<byte> text)
    {
        if (!(textHeartbeat && TakeHeartbeat(connection, text)) && MayContinue(connection, text.Length))
        {
            SessionOf(connection).Deliver(InboxItem.Copy(text, isText: true));
        }
    }

    public override void OnBinary(Connection connection, ReadOnlySpan<byte> bytes)
    {
        if (MayContinue(connection, bytes.Length))
        {
            SessionOf(connection).Deliver(InboxItem.Copy(bytes, isText: false));
        }
    }

    public override void OnOversized(Connection connection)
    {
        if (MayContinue(connection, connection.Settings.Messages.SoftLimit))
        {
            connection.Send(TooLarge);
        }
    }

    public override void OnFlushed(Connection connection) => SessionOf(connection).OnFlushed();

    public override void OnClosed(Connection connection, DisconnectCode code) => SessionOf(connection).OnClosed(code);

    private static EndpointSession SessionOf(Connection connection) => (EndpointSession)connection.Tag!;

    private static bool MayContinue(Connection connection, int bytes)
    {
        if (connection.TryContent(bytes, out _))
        {
            return true;
        }

        connection.Send(RateLimited);
        return false;
    }

    private static bool TakeHeartbeat(Connection connection, ReadOnlySpan<byte> text)
    {
        var control = RoomControls.Recognise(text);
        if (control is not (RoomControl.Ping or RoomControl.Pong))
        {
            return false;
        }

        if (connection.TryControl() && control == RoomControl.Ping)
        {
            connection.Send(PongText);
        }

        return true;
    }
}

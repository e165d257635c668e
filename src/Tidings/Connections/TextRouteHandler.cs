using Tidings.Protocol.Frames;
using Tidings.Protocol.Rooms;
using Tidings.Protocol;

namespace Tidings.Connections;

/// <summary>What all plain text routes have in common: control messages, limits, and answers in the words of the tutorials.</summary>
internal abstract class TextRouteHandler : ConnectionHandler
{
    private static readonly byte[] PongText = Frame.Text("""{"type":"pong"}"""u8);
    protected static readonly byte[] RateLimited = Frame.Text("""{"error":"Rate limit exceeded"}"""u8);
    private static readonly byte[] TooLarge = Frame.Text("""{"error":"Message too large"}"""u8);

    public sealed override void OnText(Connection connection, ReadOnlySpan<byte> text)
    {
        switch (RoomControls.Recognise(text))
        {
            case RoomControl.Ping:
                if (connection.TryControl())
                {
                    connection.Send(PongText);
                }

                break;
            case RoomControl.Pong:
                connection.TryControl();
                break;
            case RoomControl.Quit:
                // What was said before it is on its way to all, the speaker too.
                connection.Suspend();
                connection.Close(DisconnectCode.Goodbye);
                break;
            default:
                if (MayContinue(connection, text.Length))
                {
                    OnContent(connection, text);
                }

                break;
        }
    }

    public override void OnOversized(Connection connection)
    {
        // It was content all the same, and who sends nothing but such goes the way of the others.
        if (MayContinue(connection, connection.Settings.Messages.SoftLimit))
        {
            connection.Send(TooLarge);
        }
    }

    protected abstract void OnContent(Connection connection, ReadOnlySpan<byte> text);

    protected static bool MayContinue(Connection connection, int bytes)
    {
        if (connection.TryContent(bytes, out _))
        {
            return true;
        }

        connection.Send(RateLimited);
        return false;
    }
}

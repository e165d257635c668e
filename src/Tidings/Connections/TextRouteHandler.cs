using Tidings.Protocol;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;
using Tidings.Protocol.Rooms;

namespace Tidings.Connections;

/// <summary>What all plain text routes have in common: control messages, limits, and answers in the words of the tutorials.</summary>
/// <param name="firstMessage">Takes auth messages; null where no tokens are accepted, and such messages are content.</param>
internal abstract class TextRouteHandler(FirstMessage? firstMessage) : ConnectionHandler
{
    private static readonly byte[] PongText = Frame.Text("""{"type":"pong"}"""u8);
    protected static readonly byte[] RateLimited = Frame.Text("""{"error":"Rate limit exceeded"}"""u8);
    private static readonly byte[] InvalidToken = Frame.Text("""{"error":"Invalid token"}"""u8);
    private static readonly byte[] Unavailable = Frame.Text("""{"error":"Service unavailable"}"""u8);
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
            case RoomControl.Auth when firstMessage is not null:
                if (MayContinue(connection, text.Length))
                {
                    _ = firstMessage.CarryOutAsync(connection, AuthMessage.TokenOf(text), answer => AnswerAsync(connection, answer));
                }

                break;
            default:
                if (connection.Authentication is { IsPending: true })
                {
                    connection.CloseNow(DisconnectCode.AuthFailed);
                }
                else if (MayContinue(connection, text.Length))
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

    /// <summary>Judges whether what the connection is a member of is open to the user to whom it now belongs. On the connection's lane, which no message
    /// of the connection reaches until this is done.</summary>
    /// <returns>Why the connection must go, or null.</returns>
    protected virtual ValueTask<DisconnectCode?> ReviewAsync(Connection connection) => default;

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

    private async Task AnswerAsync(Connection connection, AuthAnswer answer)
    {
        switch (answer.Outcome)
        {
            case AuthOutcome.Accepted:
                var refusal = await ReviewAsync(connection).ConfigureAwait(false);
                await connection.Lane.SwitchTo();
                if (refusal is { } code)
                {
                    connection.CloseNow(code);
                    break;
                }

                connection.Send(Reply.AuthSuccess(default, connection.Identity!.User));
                await PendingJoin.CompleteAsync(connection).ConfigureAwait(false);
                break;
            case AuthOutcome.Refused:
                connection.Send(answer.Details is { } details ? Reply.Refused("Invalid token", details) : InvalidToken);
                break;
            case AuthOutcome.Unavailable:
                connection.Send(Unavailable);
                break;
        }
    }
}

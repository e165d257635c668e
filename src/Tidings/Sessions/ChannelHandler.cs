using System.Security.Cryptography;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Replies;
using Tidings.Quotas;

namespace Tidings.Sessions;

/// <summary>The channel protocol: commands in, replies and channels out.</summary>
/// <remarks>Commands of one connection are carried out one after the other; while one has to wait, no further one is read.</remarks>
internal sealed partial class ChannelHandler(CommandActions actions, Subscribing subscribing, ConnectionDirectory directory, ServerInfo server, FirstMessage? firstMessage = null) : ConnectionHandler
{
    /// <summary>A new connection's public id.</summary>
    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(10));

    public override void OnText(Connection connection, ReadOnlySpan<byte> text)
    {
        if (CommandReader.Read(text, out var command) is { } fault)
        {
            connection.Send(Reply.Error(command.Id, ErrorCode.BadRequest, fault.Error, fault.Details));
            connection.CountInvalid();
            return;
        }

        connection.ForgetInvalid();
        if (connection.Tag is not ChannelSession session)
        {
            TakeFirst(connection, command);
            return;
        }

        var carryingOut = actions.CarryOutAsync(session, command);
        if (carryingOut.IsCompletedSuccessfully)
        {
            return;
        }

        connection.Suspend();
        _ = FinishAsync(session, command, carryingOut);
    }

    public override void OnOversized(Connection connection)
    {
        connection.Send(connection.TryContent(connection.Settings.Messages.SoftLimit, out var refusal)
            ? Reply.Error(default, ErrorCode.TooLarge, "Message too large")
            : Reply.RateLimited(default, refusal.RetryAfter, refusal.SharedLimit));
    }

    public override void OnDraining(Connection connection)
    {
        if (connection.Tag is ChannelSession)
        {
            connection.Send(Reply.Draining);
        }
    }

    public override void OnClosed(Connection connection, DisconnectCode code)
    {
        // There is no session where the handshake failed before there was one.
        if (connection.Tag is ChannelSession session)
        {
            subscribing.UnsubscribeAll(session);
            directory.Remove(session.Id, session.User, connection);
        }
    }

    // Until it is known who comes there is no session, and one command alone is carried out.
    private void TakeFirst(Connection connection, Command command)
    {
        switch (command.Type)
        {
            case CommandType.Auth when firstMessage is not null:
                _ = firstMessage.CarryOutAsync(connection, command.Token, outcome => AnswerAsync(connection, command, outcome));
                break;
            case CommandType.Ping when connection.TryControl():
                connection.Send(Reply.PongTo(command.Id));
                break;
            case CommandType.Ping or CommandType.Pong:
                connection.TryControl();
                break;
            case CommandType.Quit:
                connection.CloseNow(DisconnectCode.Goodbye);
                break;
            default:
                connection.CloseNow(DisconnectCode.AuthFailed);
                break;
        }
    }

    // Any other outcome has closed the connection: a client that has not authenticated yet has one attempt.
    private static async Task AnswerAsync(Connection connection, Command command, AuthAnswer answer)
    {
        if (answer.Outcome == AuthOutcome.Accepted)
        {
            connection.Send(Reply.AuthSuccess(command.Id, connection.Identity!.User));
            await PendingJoin.CompleteAsync(connection).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until a command is carried out, and answers it where that fails. Ends on the connection's lane.</summary>
    public static async ValueTask CompleteAsync(ChannelSession session, Command command, ValueTask carryingOut)
    {
        byte[]? error = null;
        try
        {
            await carryingOut.ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            error = Reply.Error(command.Id, ErrorCode.Unavailable, "Service unavailable");
        }
        catch (SenderQuotaException quota)
        {
            session.Connection.Registry.Metrics.RateLimited(RateLimitName.Keys);
            error = Reply.RateLimited(command.Id, quota.RetryAfter);
        }
        catch (NotDurableException)
        {
            error = Reply.Error(command.Id, ErrorCode.NotDurable, "Not durable");
        }
#pragma warning disable CA1031 // Whatever went wrong, the peer gets an answer, and the next command its turn.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            session.Connection.LogFailure(failure);
            error = Reply.Error(command.Id, ErrorCode.Internal, "Internal error");
        }

        await session.Connection.Lane.SwitchTo();
        if (error is not null)
        {
            session.Connection.Send(error);
        }
    }

    private static async Task FinishAsync(ChannelSession session, Command command, ValueTask carryingOut)
    {
        await CompleteAsync(session, command, carryingOut).ConfigureAwait(false);
        session.Connection.Resume();
    }
}

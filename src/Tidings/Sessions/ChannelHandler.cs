using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Quotas;

namespace Tidings.Sessions;

/// <summary>The channel protocol: commands in, replies and channels out.</summary>
/// <remarks>Commands of one connection are carried out one after the other; while one has to wait, no further one is read.</remarks>
/// <param name="dialect">The words of the wire.</param>
/// <param name="actions">What commands do.</param>
/// <param name="subscribing">Subscribes and ends subscriptions.</param>
/// <param name="directory">Where sessions are found.</param>
/// <param name="server">What the node says of itself.</param>
/// <param name="firstMessage">Takes tokens; null where none are accepted.</param>
internal sealed partial class ChannelHandler(
    SessionDialect dialect, CommandActions actions, Subscribing subscribing, ConnectionDirectory directory, ServerInfo server, FirstMessage? firstMessage = null) : ConnectionHandler
{
    public override byte[] TextPing { get; } = Heartbeat.WithText(dialect.Ping);

    /// <summary>A new connection's public id.</summary>
    public string NewId() => dialect.NewId();

    public override void OnText(Connection connection, ReadOnlySpan<byte> text)
    {
        do
        {
            var fault = dialect.Read(ref text, out var command);
            if (fault is not null)
            {
                Send(connection, dialect.Answer(command, new Outcome.Refused(ErrorCode.BadRequest, fault.Error, fault.Details)));
                connection.CountInvalid();
                continue;
            }

            connection.ForgetInvalid();
            if (connection.Tag is not ChannelSession session)
            {
                TakeFirst(connection, command);
                return;
            }

            var carryingOut = actions.CarryOutAsync(session, command);
            if (!carryingOut.IsCompletedSuccessfully)
            {
                connection.Suspend();
                _ = FinishAsync(session, command, carryingOut, text.ToArray());
                return;
            }
        }
        while (!text.IsEmpty && connection.State == ConnectionState.Open);
    }

    public override void OnOversized(Connection connection)
    {
        var why = connection.TryContent(connection.Settings.Messages.SoftLimit, out var refusal) ? Outcome.Refused.TooLarge : Outcome.Refused.By(refusal);
        Send(connection, dialect.Say(new Notice.Refused(why)));
    }

    public override byte[]? OnTokenRefused(IReadOnlyList<FieldFault> details) =>
        dialect.Say(new Notice.Refused(new Outcome.Refused(ErrorCode.Unauthorized, "Invalid token", details)));

    public override DisconnectCode CloseCode(DisconnectCode code) => dialect.CloseCode(code);

    public override void OnDraining(Connection connection)
    {
        (connection.Tag as ChannelSession)?.Say(Notice.Draining.Instance);
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
                _ = firstMessage.CarryOutAsync(connection, command.Token, answer => AnswerAsync(connection, command, answer));
                break;
            case CommandType.Ping when connection.TryControl():
                Send(connection, dialect.Answer(command, Outcome.Pong.Instance));
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
    private async Task AnswerAsync(Connection connection, Command command, AuthAnswer answer)
    {
        if (answer.Outcome == AuthOutcome.Accepted)
        {
            Send(connection, dialect.Answer(command, new Outcome.Authenticated(connection.Identity!.User)));
            await PendingJoin.CompleteAsync(connection).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until a command is carried out, and answers it where that fails. Ends on the connection's lane.</summary>
    public static async ValueTask CompleteAsync(ChannelSession session, Command command, ValueTask carryingOut)
    {
        Outcome? error = null;
        try
        {
            await carryingOut.ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            error = Outcome.Refused.Unavailable;
        }
        catch (SenderQuotaException quota)
        {
            session.Connection.Registry.Metrics.RateLimited(RateLimitName.Keys);
            error = Outcome.Refused.RateLimited(quota.RetryAfter);
        }
        catch (NotDurableException)
        {
            error = new Outcome.Refused(ErrorCode.NotDurable, "Not durable");
        }
#pragma warning disable CA1031 // Whatever went wrong, the peer gets an answer, and the next command its turn.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            session.Connection.LogFailure(failure);
            error = Outcome.Refused.Failed;
        }

        await session.Connection.Lane.SwitchTo();
        if (error is not null)
        {
            session.Answer(command, error);
        }
    }

    // What is left of the message has waited with the command.
    private async Task FinishAsync(ChannelSession session, Command command, ValueTask carryingOut, byte[] rest)
    {
        await CompleteAsync(session, command, carryingOut).ConfigureAwait(false);
        while (rest.Length > 0 && session.Connection.State == ConnectionState.Open)
        {
            rest = await CarryOutNextAsync(session, rest).ConfigureAwait(false);
        }

        session.Connection.Resume();
    }

    private async ValueTask<byte[]> CarryOutNextAsync(ChannelSession session, byte[] text)
    {
        var (command, fault, rest) = ReadNext(text);
        if (fault is null)
        {
            await CompleteAsync(session, command, actions.CarryOutAsync(session, command)).ConfigureAwait(false);
        }
        else
        {
            session.Answer(command, new Outcome.Refused(ErrorCode.BadRequest, fault.Error, fault.Details));
            session.Connection.CountInvalid();
        }

        return rest;
    }

    private (Command Command, CommandFault? Fault, byte[] Left) ReadNext(ReadOnlySpan<byte> text)
    {
        var fault = dialect.Read(ref text, out var command);
        return (command, fault, text.ToArray());
    }

    private static void Send(Connection connection, byte[]? frame)
    {
        if (frame is not null)
        {
            connection.Send(frame);
        }
    }
}

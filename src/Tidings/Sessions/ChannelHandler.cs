using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Events;
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
    public override string ProtocolName => dialect.ProtocolName;

    public override bool HasHeadLines => dialect.HasHeadLines;

    public override byte[] TextPing { get; } = Heartbeat.WithText(dialect.Ping);

    /// <summary>Whether sessions begin by a command (<see cref="BeginAsync"/> is then called with it).</summary>
    public bool OpensByCommand => dialect.OpensByCommand;

    public override EventSubject? Describe(Connection connection) => connection.Tag is not ChannelSession session ? null : new EventSubject
    {
        User = session.User,
        Connection = session.Id,
        Transport = connection.Transport == TransportKind.ServerSentEvents ? "sse" : "websocket",
    };

    /// <summary>A new connection's public id.</summary>
    public string NewId() => dialect.NewId();

    public override void OnText(Connection connection, ReadOnlySpan<byte> text)
    {
        if (!dialect.TakesText)
        {
            connection.CloseNow(DisconnectCode.InvalidMessage);
            return;
        }

        Take(connection, text, isBinary: false);
    }

    public override void OnBinary(Connection connection, ReadOnlySpan<byte> bytes)
    {
        if (dialect.TakesBinary)
        {
            Take(connection, bytes, isBinary: true);
        }
    }

    private void Take(Connection connection, ReadOnlySpan<byte> text, bool isBinary)
    {
        do
        {
            if (ReadNext(connection, ref text, isBinary) is not { } command)
            {
                continue;
            }

            if (connection.Tag is not ChannelSession session)
            {
                TakeFirst(connection, command, text, isBinary);
                return;
            }

            var carryingOut = actions.CarryOutAsync(session, command);
            if (!carryingOut.IsCompletedSuccessfully)
            {
                connection.Suspend();
                _ = FinishAsync(session, command, carryingOut, new Rest(text.ToArray(), isBinary));
                return;
            }
        }
        while (!text.IsEmpty && connection.State == ConnectionState.Open);
    }

    public override void OnOversized(Connection connection)
    {
        if (dialect.Oversized is { } code)
        {
            connection.CloseNow(code);
            return;
        }

        var why = connection.TryContent(connection.Settings.Messages.SoftLimit, out var refusal) ? Outcome.Refused.TooLarge : Outcome.Refused.By(refusal);
        Send(connection, dialect.Say(new Notice.Refused(why)));
    }

    public override byte[]? OnTokenRefused(IReadOnlyList<FieldFault> details) =>
        dialect.Say(new Notice.Refused(new Outcome.Refused(ErrorCode.Unauthorized, "Invalid token", details)));

    public override byte[]? OnRefused(DisconnectCode code, IReadOnlyList<FieldFault> details) =>
        dialect.Say(new Notice.Refused(new Outcome.Refused(ErrorOf(code), code.Reason, details)));

    public override DisconnectCode CloseCode(DisconnectCode code) => dialect.CloseCode(code);

    public override void OnTokenExpiring(Connection connection, long seconds) => Send(connection, dialect.Say(new Notice.Expiring(seconds)));

    public override void OnMissed(Connection connection, string channel)
    {
        if (connection.Tag is ChannelSession session)
        {
            subscribing.EndAtGap(session, channel);
        }
    }

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
    private void TakeFirst(Connection connection, Command command, ReadOnlySpan<byte> rest, bool isBinary)
    {
        if (dialect.OpensByCommand)
        {
            TakeOpening(connection, command, new Rest(rest.ToArray(), isBinary));
            return;
        }

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
        catch (BrokerUnavailableException away)
        {
            error = away.Refusal is { } why ? new Outcome.Refused(ErrorCode.Unavailable, why) : Outcome.Refused.Unavailable;
        }
        catch (SenderQuotaException quota)
        {
            error = new Outcome.Refused(ErrorCode.TooMany, quota.Message);
            if (quota.RetryAfter is { } wait)
            {
                session.Connection.Registry.Metrics.RateLimited(RateLimitName.Keys);
                error = Outcome.Refused.RateLimited(wait);
            }
        }
        catch (ChannelStateFullException full)
        {
            error = new Outcome.Refused(ErrorCode.TooMany, full.Message);
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
    private async Task FinishAsync(ChannelSession session, Command command, ValueTask carryingOut, Rest rest)
    {
        var connection = session.Connection;
        await CompleteAsync(session, command, carryingOut).ConfigureAwait(false);
        try
        {
            await CarryOutAsync(session, rest).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // As where the message arrives: an error ends this connection, and no other.
        catch (Exception error)
#pragma warning restore CA1031
        {
            connection.LogFailure(error);
            connection.CloseNow(DisconnectCode.HandlerFailed);
        }

        connection.Resume();
    }

    // One after the other, on the lane.
    private async Task CarryOutAsync(ChannelSession session, Rest rest)
    {
        while (!rest.Message.IsEmpty && session.Connection.State == ConnectionState.Open)
        {
            if (ReadNext(session.Connection, ref rest) is { } next)
            {
                await CompleteAsync(session, next, actions.CarryOutAsync(session, next)).ConfigureAwait(false);
            }
        }
    }

    private Command? ReadNext(Connection connection, ref Rest rest)
    {
        var left = rest.Message.Span;
        var command = ReadNext(connection, ref left, rest.IsBinary);
        rest = rest with { Message = rest.Message[^left.Length..] };
        return command;
    }

    /// <returns>The next command of a message; null where it had a fault, which was told.</returns>
    private Command? ReadNext(Connection connection, ref ReadOnlySpan<byte> message, bool isBinary)
    {
        if ((isBinary ? dialect.ReadBinary(ref message, out var command) : dialect.Read(ref message, out command)) is not { } fault)
        {
            connection.ForgetInvalid();
            return command;
        }

        if (fault.Ends || (dialect.OpensByCommand && connection.Tag is not ChannelSession))
        {
            connection.CloseNow(DisconnectCode.InvalidMessage);
            return null;
        }

        Send(connection, dialect.Answer(command, new Outcome.Refused(ErrorCode.BadRequest, fault.Error, fault.Details)));
        connection.CountInvalid();
        return null;
    }

    // What is left of a message while one of its commands waits.
    private readonly record struct Rest(ReadOnlyMemory<byte> Message, bool IsBinary);

    private static void Send(Connection connection, byte[]? frame)
    {
        if (frame is not null)
        {
            connection.Send(frame);
        }
    }
}

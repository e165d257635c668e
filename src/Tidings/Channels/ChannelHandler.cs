using System.Security.Cryptography;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Replies;
using Tidings.Security.Identities;

namespace Tidings.Channels;

/// <summary>The channel protocol: commands in, replies and channels out.</summary>
/// <remarks>Commands of one connection are carried out one after the other; while one has to wait, no further one is read.</remarks>
internal sealed class ChannelHandler(CommandActions actions, Subscribing subscribing, ConnectionDirectory directory, ServerInfo server, FirstMessage? firstMessage = null) : ConnectionHandler
{
    /// <summary>Makes the session of a new connection, whose first message, <c>connected</c>, waits for the end of the handshake. Any thread, once.</summary>
    public void Begin(Connection connection)
    {
        var session = NewSession(connection);
        directory.Add(session.Id, connection);
        connection.SendLater(Connected(session, []));
    }

    /// <summary>The same of somebody of whom more is known, with the subscriptions that the server makes. Where it fails the connection is to be abandoned.</summary>
    public async ValueTask BeginAsync(Connection connection, Arrival arrival)
    {
        var session = NewSession(connection, arrival);
        var subscriptions = new List<FirstSubscription>(arrival.Channels.Count);
        foreach (var channel in arrival.Channels)
        {
            subscriptions.Add(await subscribing.PrepareAsync(session, new SubscribeRequest { Channel = channel }, byServer: true).ConfigureAwait(false));
        }

        Enter(session, subscriptions, []);
    }

    /// <summary>The same of somebody who only reads, and says as he comes what.</summary>
    /// <param name="connection">The connection; to be abandoned where this fails or refuses.</param>
    /// <param name="arrival">Who comes. The channels that the server has for him he may read without further permission.</param>
    /// <param name="wishes">The channels that he asks for, each once.</param>
    /// <returns>Why he may read none of them; null where he is in. Of those that he may not read he is told.</returns>
    public async ValueTask<ErrorCode?> BeginReadingAsync(Connection connection, Arrival arrival, IReadOnlyList<SubscribeRequest> wishes)
    {
        var session = NewSession(connection, arrival);
        var subscriptions = new List<FirstSubscription>(wishes.Count);
        var refusals = new List<byte[]>();
        ErrorCode? first = null;
        foreach (var wish in wishes)
        {
            var byServer = arrival.Channels.Contains(wish.Channel);
            if (!byServer && await subscribing.JudgeAsync(session, wish).ConfigureAwait(false) is { } refusal)
            {
                refusals.Add(Reply.Unsubscribed(id: default, wish.Channel, refusal.Code, refusal.Text));
                first ??= refusal.Code;
            }
            else
            {
                subscriptions.Add(await subscribing.PrepareAsync(session, wish, byServer).ConfigureAwait(false));
            }
        }

        if (subscriptions.Count == 0)
        {
            return first;
        }

        Enter(session, subscriptions, refusals);
        return null;
    }

    /// <summary>Makes the session of somebody who comes to say something and listens to nothing.</summary>
    public static ChannelSession BeginSaying(Connection connection, Arrival arrival) => NewSession(connection, arrival);

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
        connection.Send(connection.TryContent(connection.Settings.Messages.SoftLimit, out var retryAfter)
            ? Reply.Error(default, ErrorCode.TooLarge, "Message too large")
            : Reply.RateLimited(default, retryAfter));
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
                connection.Suspend();
                _ = AuthenticateAsync(connection, command, firstMessage);
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

    private static async Task AuthenticateAsync(Connection connection, Command command, FirstMessage firstMessage)
    {
        try
        {
            if (await firstMessage.TakeAsync(connection, command.Token).ConfigureAwait(false) == AuthOutcome.Accepted)
            {
                connection.Send(Reply.AuthSuccess(command.Id, connection.Identity!.User));
                await FirstMessage.JoinAsync(connection).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // An error of ours ends that connection, and no other.
        catch (Exception error)
#pragma warning restore CA1031
        {
            await connection.Lane.SwitchTo();
            connection.LogFailure(error);
            connection.CloseNow(DisconnectCode.HandlerFailed);
        }

        if (connection.State == ConnectionState.Open)
        {
            connection.Resume();
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

    private static ChannelSession NewSession(Connection connection, Arrival? arrival = null)
    {
        var session = new ChannelSession(connection, arrival?.Connection ?? NewId()) { Info = arrival?.Info ?? default };
        connection.Tag = session;
        return session;
    }

    private static async Task FinishAsync(ChannelSession session, Command command, ValueTask carryingOut)
    {
        await CompleteAsync(session, command, carryingOut).ConfigureAwait(false);
        session.Connection.Resume();
    }

    private void Enter(ChannelSession session, List<FirstSubscription> subscriptions, List<byte[]> refusals)
    {
        // First of all that is posted: whoever finds the connection in the directory comes after.
        var beginning = new Beginning(session, Connected(session, subscriptions), refusals, subscriptions);
        if (Lane.Current == session.Connection.Lane)
        {
            beginning.Run(null);
        }
        else
        {
            session.Connection.Lane.Post(beginning);
        }

        directory.Add(session.Id, session.Connection);
        if (session.User is { } user)
        {
            directory.SetUser(user, session.Connection);
        }
    }

    private byte[] Connected(ChannelSession session, List<FirstSubscription> subscriptions)
    {
        var frame = JsonFrame.Begin("connected");
        frame.Writer.WriteString("connection"u8, session.Id);
        if (session.User is { } user)
        {
            frame.Writer.WriteString("user"u8, user);
        }
        else
        {
            frame.Writer.WriteNull("user"u8);
        }

        frame.Writer.WriteNumber("pingInterval"u8, (long)session.Connection.Settings.Heartbeat.TotalMilliseconds);
        frame.Writer.WriteString("server"u8, server.Name);
        frame.Writer.WriteString("version"u8, server.Version);
        frame.Writer.WriteStartArray("subscriptions"u8);
        foreach (var (membership, history, _) in subscriptions)
        {
            frame.Writer.WriteStartObject();
            frame.Writer.WriteString("channel"u8, membership.Channel);
            frame.Writer.WriteString("epoch"u8, history.Start.Epoch);
            frame.Writer.WriteNumber("offset"u8, history.Start.Offset);
            frame.Writer.WriteEndObject();
        }

        frame.Writer.WriteEndArray();
        return frame.End();
    }

    private sealed class Beginning(ChannelSession session, byte[] connected, List<byte[]> refusals, List<FirstSubscription> subscriptions) : ILaneWork
    {
        public void Run(object? argument)
        {
            session.Connection.Send(connected);
            foreach (var refusal in refusals)
            {
                session.Connection.Send(refusal);
            }

            // All that is gone before anything that is not: an answer that lists the two apart then has them in their order.
            foreach (var subscription in subscriptions)
            {
                subscription.TellGap();
            }

            foreach (var subscription in subscriptions)
            {
                subscription.Start();
            }
        }
    }
}

/// <summary>Who comes, and what he is subscribed to at once.</summary>
internal sealed record Arrival
{
    /// <summary>The connection's id, where it was told to somebody already.</summary>
    public string? Connection { get; init; }

    /// <summary>Who it is; null for somebody anonymous.</summary>
    public Identity? Identity { get; init; }

    public ReadOnlyMemory<byte> Info { get; init; }

    public IReadOnlyList<string> Channels { get; init; } = [];
}

/// <summary>What a node says of itself.</summary>
internal sealed record ServerInfo(string Name, string Version);

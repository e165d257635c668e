using System.Security.Cryptography;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Replies;

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
        var session = NewSession(connection, arrival.Connection);
        session.Info = arrival.Info;
        var subscriptions = new List<ServerSubscription>(arrival.Channels.Count);
        foreach (var channel in arrival.Channels)
        {
            subscriptions.Add(await subscribing.PrepareAsync(session, channel).ConfigureAwait(false));
        }

        // First of all that is posted: whoever finds the connection in the directory comes after.
        var beginning = new Beginning(session, Connected(session, subscriptions), subscriptions);
        if (Lane.Current == connection.Lane)
        {
            beginning.Run(null);
        }
        else
        {
            connection.Lane.Post(beginning);
        }

        directory.Add(session.Id, connection);
        if (session.User is { } user)
        {
            directory.SetUser(user, connection);
        }
    }

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
        connection.Send(connection.TryContent()
            ? Reply.Error(default, ErrorCode.TooLarge, "Message too large")
            : Reply.Error(default, ErrorCode.RateLimited, "Rate limit exceeded"));
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

    private static ChannelSession NewSession(Connection connection, string? id = null)
    {
        var session = new ChannelSession(connection, id ?? NewId());
        connection.Tag = session;
        return session;
    }

    private static async Task FinishAsync(ChannelSession session, Command command, ValueTask carryingOut)
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

        session.Connection.Resume();
    }

    private byte[] Connected(ChannelSession session, List<ServerSubscription> subscriptions)
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
        foreach (var (membership, history) in subscriptions)
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

    private sealed class Beginning(ChannelSession session, byte[] connected, List<ServerSubscription> subscriptions) : ILaneWork
    {
        public void Run(object? argument)
        {
            session.Connection.Send(connected);
            foreach (var subscription in subscriptions)
            {
                subscription.Start();
            }
        }
    }
}

/// <summary>What is known of somebody who comes besides who he is, and what he is subscribed to at once.</summary>
internal sealed record Arrival
{
    /// <summary>The connection's id, where it was told to somebody already.</summary>
    public string? Connection { get; init; }

    public ReadOnlyMemory<byte> Info { get; init; }

    public IReadOnlyList<string> Channels { get; init; } = [];
}

/// <summary>What a node says of itself.</summary>
internal sealed record ServerInfo(string Name, string Version);

using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Security.Identities;

namespace Tidings.Sessions;

/// <summary>A connection whose session begins by a command; its <see cref="Connection.Tag"/> until that has come.</summary>
/// <param name="Arrive">Who arrives, where it is known whose the connection is.</param>
/// <param name="Known">Who the handshake says it is; null for nobody.</param>
/// <param name="Required">Whether nobody anonymous is let in.</param>
internal sealed record PendingSession(Func<Identity?, Arrival> Arrive, Identity? Known, bool Required);

/// <content>Sessions that begin by a command: a client has one attempt.</content>
internal sealed partial class ChannelHandler
{
    // Whatever comes of it, the connection is no pending session any more: the first command is the only one that can begin it.
    private void TakeOpening(Connection connection, Command command, Rest rest)
    {
        if (connection.Tag is not PendingSession pending || command.Type != CommandType.Open)
        {
            connection.CloseNow(DisconnectCode.InvalidMessage);
            return;
        }

        connection.Tag = null;
        connection.Suspend();
        _ = OpenAsync(connection, pending, command, rest);
    }

    private async Task OpenAsync(Connection connection, PendingSession pending, Command command, Rest rest)
    {
        try
        {
            await BeginByCommandAsync(connection, pending, command).ConfigureAwait(false);
            await connection.Lane.SwitchTo();
            if (connection.Tag is ChannelSession session)
            {
                await CarryOutAsync(session, rest).ConfigureAwait(false);
            }
            else if (!rest.Message.IsEmpty && connection.State == ConnectionState.Open)
            {
                connection.CloseNow(DisconnectCode.InvalidMessage);
            }
        }
        catch (BrokerUnavailableException)
        {
            await connection.Lane.SwitchTo();
            connection.CloseNow(DisconnectCode.Unavailable);
        }
#pragma warning disable CA1031 // An error of ours ends this connection, and no other.
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

    // What is refused for a while is told and leaves the connection, which is good for nothing more, to its deadline; all else closes it.
    private async Task BeginByCommandAsync(Connection connection, PendingSession pending, Command command)
    {
        var proof = await JudgeAsync(command).ConfigureAwait(false);
        await connection.Lane.SwitchTo();
        if (connection.State != ConnectionState.Open)
        {
            return;
        }

        var judged = proof.Judged;
        if (judged.Later)
        {
            Send(connection, dialect.Answer(command, Outcome.Refused.Unavailable));
            return;
        }

        if (judged.Why is { } why)
        {
            var details = connection.Registry.Refusals.Add("Invalid token", connection.Address, new FieldFault("token", why));
            if (judged.HasExpired)
            {
                Send(connection, dialect.Answer(command, new Outcome.Refused(ErrorCode.Unauthorized, "Token expired", details) { HasExpired = true }));
            }
            else
            {
                connection.CloseNow(DisconnectCode.InvalidToken);
            }

            return;
        }

        var identity = judged.Identity ?? (command.Token is null ? pending.Known : null);
        if (identity is null && pending.Required)
        {
            connection.CloseNow(DisconnectCode.Unauthorized);
            return;
        }

        if (identity is null)
        {
            connection.BecomeAnonymous(proof.EndsAt);
        }
        else if ((await FirstMessage.TakeAsync(connection, identity).ConfigureAwait(false)).Outcome != AuthOutcome.Accepted)
        {
            return;
        }

        var arrival = pending.Arrive(identity);
        arrival = arrival with { Channels = [.. arrival.Channels, .. proof.Channels.Except(arrival.Channels)], Granted = proof.Channels };
        await BeginAsync(connection, arrival, command).ConfigureAwait(false);
    }

    // Nothing is computed over a signature on a lane.
    private async ValueTask<SessionProof> JudgeAsync(Command command)
    {
        if (command.Token is not null)
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        if (dialect.ProveOpening(command) is { } proof)
        {
            return proof;
        }

        return new SessionProof(
            command.Token is not { } token ? default
                : firstMessage is null ? TokenReason.NotAccepted
                : await firstMessage.JudgeAsync(token).ConfigureAwait(false),
            []);
    }
}

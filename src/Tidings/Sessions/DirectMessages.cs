using Tidings.Dialects;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Rules;

namespace Tidings.Sessions;

/// <summary>What a client says to a user or to one connection. On the connection's lane.</summary>
internal sealed class DirectMessages(ChannelKinds kinds, Everywhere everywhere)
{
    private const string NotAllowed = "Not allowed";

    private volatile SendRule _rule = SendRule.ServerAlone;

    /// <summary>Who may send. Safe to change from any thread, for messages that come after.</summary>
    public SendRule Rule
    {
        get => _rule;
        set => _rule = value;
    }

    /// <summary>Sends what the session may send (<see cref="Permissions.MaySend"/>), and answers.</summary>
    /// <exception cref="Brokers.BrokerUnavailableException">The other nodes cannot be reached.</exception>
    public async ValueTask SendAsync(ChannelSession session, Command command)
    {
        var connection = session.Connection;
        var data = command.Data;
        if (Rule.Handler is { } handler)
        {
            var verdict = await handler.OnPublishAsync(session.Peer, new PublishRequest(command.To!, data), CancellationToken.None).ConfigureAwait(false);
            await connection.Lane.SwitchTo();
            if (verdict.Refusal is { } code)
            {
                var why = new FieldFault("to", "the application's handler or policy refused it");
                var noted = code == ErrorCode.NotAllowed ? connection.Registry.Refusals.Add(NotAllowed, connection.Address, why) : null;
                session.Answer(command, new Outcome.Refused(code, verdict.Error ?? NotAllowed, verdict.Details ?? noted));
                return;
            }

            if (verdict.Drop)
            {
                session.Answer(command, new Outcome.Sent(null));
                return;
            }

            data = verdict.Data ?? data;
        }

        var request = new NodeRequest(NodeAction.Send, NodeTarget.UserOrConnection, command.To!)
        {
            From = session.User,
            Connection = session.User is null ? session.Id : null,
            Data = data,
        };
        var count = await everywhere.DoAsync(request).ConfigureAwait(false);
        await connection.Lane.SwitchTo();
        var own = ChannelName.UserPrefix + command.To;
        session.Answer(command, new Outcome.Sent(Permissions.MaySeeDelivered(kinds.Find(own), own, session.Identity) ? count : null));
    }
}

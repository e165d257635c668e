using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Dialects;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Rules;
using Tidings.Security.Identities;

namespace Tidings.Sessions;

/// <content>What joining a channel takes: live first, then the log, then presence.</content>
internal sealed partial class Subscribing
{
    // Without a command it is the server's wish.
    private async ValueTask JoinAsync(ChannelSession session, SubscribeRequest request, ChannelKind kind, Command? command, Identity? granted = null, ProvenMember? member = null)
    {
        var connection = session.Connection;
        var membership = NewMembership(session, request, kind, byServer: command is null, granted, member);
        session.Add(membership);

        // Live first, then the log: what is said between the two is in both, and sent once.
        hub.TryJoin(membership.Subscription, request.Channel);
        try
        {
            var history = await ReadAsync(session, request, membership).ConfigureAwait(false);
            await connection.Lane.SwitchTo();
            var members = session.Ended || !kind.Presence ? null : await EnterAsync(session, membership, request).ConfigureAwait(false);
            await connection.Lane.SwitchTo();
            if (session.Ended)
            {
                return;
            }

            if (session.Find(request.Channel) == membership && request is { MustRecover: true, Since: not null } && !history.Recovered)
            {
                Unsubscribe(session, membership);
                session.Answer(command!, new Outcome.Unrecovered(request.Channel));
            }
            else if (session.Find(request.Channel) == membership)
            {
                WatchOccupancy(membership);
                Begin(session, membership, request, history, members, command);
            }
            else if (command is not null)
            {
                session.Answer(command, new Outcome.Refused(ErrorCode.Conflict, "Unsubscribed by server"));
            }
        }
#pragma warning disable CA1031 // Whatever went wrong, the channel is left, the peer gets an answer, and the next channel its turn.
        catch (Exception error)
#pragma warning restore CA1031
        {
            await connection.Lane.SwitchTo();
            Fail(session, membership, error, command);
            if (command is null)
            {
                throw;
            }
        }
    }

    /// <summary>A position without an epoch is one of whatever epoch there is.</summary>
    public async ValueTask<StreamPosition> InEpochAsync(string channel, StreamPosition position) =>
        position.Epoch.Length > 0 ? position : position with { Epoch = (await broker.ReadAsync(channel, default).ConfigureAwait(false)).Top.Epoch };

    // A subscriber that may hear but not read back begins now, and is told that what it missed is gone.
    private async ValueTask<HistoryPart> ReadAsync(ChannelSession session, SubscribeRequest request, ChannelMembership membership)
    {
        await broker.ListenAsync(request.Channel).ConfigureAwait(false);
        if (request.Since is { } asked)
        {
            request.Since = await InEpochAsync(request.Channel, asked).ConfigureAwait(false);
        }

        if (request.Since is null || Permissions.MayReadHistory(membership.Kind, request.Channel, membership.Grant?.Identity ?? session.Identity))
        {
            return await broker.ReadAsync(request.Channel, new HistoryRequest(request.Since, request.Last ?? 0) { State = request.State }).ConfigureAwait(false);
        }

        return await broker.ReadAsync(request.Channel, default).ConfigureAwait(false) with { Recovered = false };
    }

    private ChannelMembership NewMembership(ChannelSession session, SubscribeRequest request, ChannelKind kind, bool byServer, Identity? granted, ProvenMember? member = null)
    {
        var connection = session.Connection;
        var dialect = session.Dialect.For(connection.Deflate);
        return new ChannelMembership(
            request.Channel, kind, Subscription.Waiting(connection, request.Changes && session.Dialect.Changes is { } changes ? changes : dialect, request.Conflate, kind.SlowConsumers == SlowConsumerPolicy.Skip))
        {
            Watches = NewWatches(connection, dialect, request, kind),
            Share = byServer ? null : Shares.Take(connection.Sender, kind.Places),
            PresenceName = member?.User ?? session.PresenceName,
            Member = member,
            Grant = granted is null ? null : new SubscriptionGrant(session, request.Channel, granted, this),
        };
    }

    private void Fail(ChannelSession session, ChannelMembership membership, Exception error, Command? command)
    {
        if (error is not BrokerUnavailableException)
        {
            session.Connection.LogFailure(error);
        }

        if (session.Ended || session.Find(membership.Channel) != membership)
        {
            return;
        }

        Unsubscribe(session, membership);
        if (command is not null)
        {
            session.Answer(command, error is BrokerUnavailableException ? Outcome.Refused.Unavailable : Outcome.Refused.Failed);
        }
    }

    private static void Begin(ChannelSession session, ChannelMembership membership, SubscribeRequest request, HistoryPart history, PresenceList? members, Command? command)
    {
        var first = FirstMessages(session, membership, history);
        var subscribed = new Outcome.Subscribed(request.Channel, history.Start, request.Since is null ? null : history.Recovered, members, membership.Grant?.Expires, history.Messages.Count(static message => message.Kind == MessageKind.Message))
        {
            IsRecoverable = membership.IsRecoverableBy(session),
            Messages = first,
        };
        if (command is not null)
        {
            session.Answer(command, subscribed);
        }
        else
        {
            session.Say(new Notice.Subscribed(subscribed));
        }

        if (request.Since is not null)
        {
            session.Connection.Registry.Metrics.Recovery(history.Recovered);
        }

        membership.Subscription.Start(first.Count == 0 ? history : history with { Messages = [.. history.Messages.Skip(first.Count)] });
        membership.Grant?.Start();
        membership.Watches?.Presence?.Start(HistoryPart.None);
        membership.Watches?.Occupancy?.Start(HistoryPart.None);
    }

    // What an answer holds is bounded: the rest goes out as fast as the peer reads.
    private static IReadOnlyList<Message> FirstMessages(ChannelSession session, ChannelMembership membership, HistoryPart history)
    {
        var most = Math.Min(session.Dialect.MessagesInAnswer, history.Messages.Count);
        if (most == 0 || membership.Subscription.HasErasures || history.Messages.Any(membership.Subscription.IsExcepted))
        {
            return [];
        }

        var count = 0;
        for (var left = session.Connection.Settings.QueueBytes / 4; count < most; count++)
        {
            left -= history.Messages[count].Data.Length + history.Messages[count].ExtraBytes;
            if (left < 0)
            {
                break;
            }
        }

        return count == history.Messages.Count ? history.Messages : [.. history.Messages.Take(count)];
    }

    private async ValueTask<PresenceList?> EnterAsync(ChannelSession session, ChannelMembership membership, SubscribeRequest request)
    {
        await JoinPresenceAsync(session, membership, request.Info).ConfigureAwait(false);
        await session.Connection.Lane.SwitchTo();
        if (session.Ended || session.Find(membership.Channel) != membership)
        {
            // It ended meanwhile, and left what it had not yet entered.
            await LeavePresenceAsync(session, membership).ConfigureAwait(false);
            return null;
        }

        // Watched first, then listed: who comes or goes between the two is in both.
        if (membership.Watch is { } watch)
        {
            await WatchAsync(session, membership.Channel, watch).ConfigureAwait(false);
        }

        return request.Presence ? await presence.ReadAsync(membership.Channel, MembersInReply).ConfigureAwait(false) : null;
    }

    private void Leave(ChannelSession session, ChannelMembership membership)
    {
        hub.Leave(membership.Subscription);
        membership.Grant?.End();
        if (membership.Share is { } share)
        {
            Shares.Give(share, membership.Places);
        }

        if (membership.Watches is { } watches)
        {
            Leave(watches);
        }

        if (membership.Kind.Presence)
        {
            _ = LeavePresenceAsync(session, membership);
        }
    }
}

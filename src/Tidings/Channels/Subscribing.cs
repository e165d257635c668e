using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Presence;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Replies;

namespace Tidings.Channels;

/// <summary>Subscribing and its end, for commands and for the server alike. Called on the connection's lane.</summary>
internal sealed class Subscribing(Hub hub, IBroker broker, IPresenceStore presence, ChannelKinds kinds, DialectFamily dialects, ChannelLimits limits)
{
    // How many members the answer to a subscribe lists; the count is always whole.
    private const int MembersInReply = 100;

    private const string NotAllowed = "Not allowed";

    public int MostSubscriptions => limits.Subscriptions;

    /// <summary>Whether the session may use its right to subscribe now.</summary>
    /// <param name="session">Who asks.</param>
    /// <param name="retryAfter">Where it is refused, the milliseconds after which to try again.</param>
    public bool TryTake(ChannelSession session, out int retryAfter)
    {
        if (session.Subscribing.TryTake(limits.SubscribeRate, session.Connection.Lane.Now))
        {
            retryAfter = 0;
            return true;
        }

        retryAfter = session.Subscribing.Wait(limits.SubscribeRate);
        session.Connection.Registry.Metrics.RateLimited(RateLimitName.Subscribing);
        return false;
    }

    /// <summary>Subscribes, sends the reply and what was missed.</summary>
    /// <param name="session">Whom.</param>
    /// <param name="request">To what.</param>
    /// <param name="id">The command's id.</param>
    public async ValueTask SubscribeAsync(ChannelSession session, SubscribeRequest request, ReadOnlyMemory<byte> id)
    {
        var connection = session.Connection;
        if (!TryTake(session, out var retryAfter))
        {
            connection.Send(Reply.RateLimited(id, retryAfter));
            return;
        }

        var kind = kinds.Find(request.Channel);
        if (Refuse(session, request, kind) is { } refusal)
        {
            connection.Send(Reply.Error(id, refusal.Code, refusal.Text));
            return;
        }

        if (kind.OnSubscribe is { } handler)
        {
            var verdict = await handler.OnSubscribeAsync(session.Peer, request.Channel, CancellationToken.None).ConfigureAwait(false);
            await connection.Lane.SwitchTo();
            if (verdict.Refusal is { } code)
            {
                connection.Send(Reply.Error(id, code, verdict.Error ?? NotAllowed, verdict.Details));
                return;
            }
        }

        if (session.Ended)
        {
            return;
        }

        await JoinAsync(session, request, kind, id).ConfigureAwait(false);
    }

    /// <summary>Subscribes somebody who did not ask for it, and tells him: no limit counts it, no permission is needed.</summary>
    /// <returns>False where he was subscribed already, or has gone.</returns>
    public async ValueTask<bool> SubscribeByServerAsync(ChannelSession session, string channel)
    {
        if (session.Ended || session.Find(channel) is not null)
        {
            return false;
        }

        await JoinAsync(session, new SubscribeRequest { Channel = channel }, kinds.Find(channel), id: default, byServer: true).ConfigureAwait(false);
        return !session.Ended;
    }

    /// <summary>Subscribes somebody to his own channel, now that it is known who he is.</summary>
    public async ValueTask SubscribeToOwnAsync(ChannelSession session)
    {
        if (ChannelName.OfUser(session.User!) is { } own)
        {
            await SubscribeByServerAsync(session, own).ConfigureAwait(false);
        }
    }

    /// <summary>Ends a subscription, whoever made it, and tells its owner why.</summary>
    /// <returns>False where there was none.</returns>
    public bool UnsubscribeByServer(ChannelSession session, string channel)
    {
        if (session.Ended || session.Find(channel) is not { } membership)
        {
            return false;
        }

        Unsubscribe(session, membership);
        session.Connection.Send(Reply.Unsubscribed(id: default, channel, ErrorCode.NotAllowed, "Unsubscribed by server"));
        return true;
    }

    /// <summary>Judges whether a connection that nobody knows of yet may subscribe, on any thread. How often is bounded by who may connect.</summary>
    /// <returns>Why not, or null.</returns>
    public async ValueTask<(ErrorCode Code, string Text)?> JudgeAsync(ChannelSession session, SubscribeRequest request)
    {
        var channel = request.Channel;
        if (limits.Subscriptions > 0 && session.Count - session.ByServer >= limits.Subscriptions)
        {
            return (ErrorCode.TooMany, "Too many subscriptions");
        }

        var kind = kinds.Find(channel);
        if (Judge(session, request, kind) is { } refusal)
        {
            return refusal;
        }

        var verdict = kind.OnSubscribe is { } handler
            ? await handler.OnSubscribeAsync(session.Peer, channel, CancellationToken.None).ConfigureAwait(false)
            : HandlerVerdict.Allow;
        return verdict.Refusal is { } code ? (code, verdict.Error ?? NotAllowed) : null;
    }

    /// <summary>Subscribes a connection that nobody knows of yet, on any thread; <see cref="FirstSubscription.Start"/> then goes to its lane.</summary>
    /// <param name="session">Whom.</param>
    /// <param name="request">To what.</param>
    /// <param name="byServer">Whether it is the server's wish, which counts against no limit.</param>
    public async ValueTask<FirstSubscription> PrepareAsync(ChannelSession session, SubscribeRequest request, bool byServer)
    {
        var channel = request.Channel;
        var membership = NewMembership(session, request, kinds.Find(channel), byServer);
        session.Add(membership);
        hub.TryJoin(membership.Subscription, channel);
        var history = await ReadAsync(session, request, membership.Kind).ConfigureAwait(false);
        if (membership.Kind.Presence)
        {
            await presence.JoinAsync(channel, membership.PresenceName, session.Id, session.Info).ConfigureAwait(false);
        }

        if (membership.Watch is { } watch)
        {
            hub.TryJoin(watch, PresenceChannel.Of(channel));
        }

        return new FirstSubscription(membership, history, request.Since);
    }

    public void Unsubscribe(ChannelSession session, ChannelMembership membership)
    {
        session.Remove(membership);
        Leave(session, membership);
    }

    /// <summary>The session's user has shown a new token, or is known for the first time: what he may no longer hear ends, and he is told.</summary>
    public async ValueTask ReviewAsync(ChannelSession session)
    {
        foreach (var membership in session.All.ToList())
        {
            if (session.Ended || session.Find(membership.Channel) != membership)
            {
                continue;
            }

            if (!membership.ByServer && !await MayStayAsync(session, membership).ConfigureAwait(false))
            {
                await session.Connection.Lane.SwitchTo();
                if (!session.Ended && session.Find(membership.Channel) == membership)
                {
                    Unsubscribe(session, membership);
                    session.Connection.Send(Reply.Unsubscribed(id: default, membership.Channel, ErrorCode.NotAllowed, "Not allowed"));
                }
            }
            else
            {
                await RenameAsync(session, membership).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Leaves all channels: the connection has ended.</summary>
    public void UnsubscribeAll(ChannelSession session)
    {
        session.Ended = true;
        foreach (var membership in session.All)
        {
            Leave(session, membership);
        }
    }

    private (ErrorCode Code, string Text)? Refuse(ChannelSession session, SubscribeRequest request, ChannelKind kind)
    {
        var channel = request.Channel;
        if (session.Find(channel) is not null)
        {
            return (ErrorCode.Conflict, "Already subscribed");
        }

        if (limits.Subscriptions > 0 && session.Count - session.ByServer >= limits.Subscriptions)
        {
            return (ErrorCode.TooMany, "Too many subscriptions");
        }

        return Judge(session, request, kind);
    }

    private static (ErrorCode Code, string Text)? Judge(ChannelSession session, SubscribeRequest request, ChannelKind kind)
    {
        var (channel, who) = (request.Channel, session.Identity);
        return ChannelPermissions.MaySubscribe(kind, channel, who)
            && (request.Last == 0 || ChannelPermissions.MayReadHistory(kind, channel, who))
            && (!request.Presence || !kind.Presence || ChannelPermissions.MaySeePresence(kind, channel, who))
                ? null
                : (ErrorCode.NotAllowed, NotAllowed);
    }

    private async ValueTask JoinAsync(ChannelSession session, SubscribeRequest request, ChannelKind kind, ReadOnlyMemory<byte> id, bool byServer = false)
    {
        var connection = session.Connection;
        var membership = NewMembership(session, request, kind, byServer);
        session.Add(membership);

        // Live first, then the log: what is said between the two is in both, and sent once.
        hub.TryJoin(membership.Subscription, request.Channel);
        try
        {
            var history = await ReadAsync(session, request, kind).ConfigureAwait(false);
            await connection.Lane.SwitchTo();
            var members = session.Ended || !kind.Presence ? null : await EnterAsync(session, membership, request.Presence).ConfigureAwait(false);
            await connection.Lane.SwitchTo();
            if (!session.Ended && session.Find(request.Channel) != membership)
            {
                connection.Send(Reply.Error(id, ErrorCode.Conflict, "Unsubscribed by server"));
            }
            else if (!session.Ended)
            {
                Begin(session, membership, request, history, members, id);
            }
        }
#pragma warning disable CA1031 // Whatever went wrong, the channel is left, the peer gets an answer, and the next channel its turn.
        catch (Exception error)
#pragma warning restore CA1031
        {
            await connection.Lane.SwitchTo();
            Fail(session, membership, error, id, byServer);
            if (byServer)
            {
                throw;
            }
        }
    }

    // Who may hear but not read back begins now, and is told that what he missed is gone.
    private async ValueTask<HistoryPart> ReadAsync(ChannelSession session, SubscribeRequest request, ChannelKind kind)
    {
        if (request.Since is null || ChannelPermissions.MayReadHistory(kind, request.Channel, session.Identity))
        {
            return await broker.ReadAsync(request.Channel, new HistoryRequest(request.Since, request.Last)).ConfigureAwait(false);
        }

        return await broker.ReadAsync(request.Channel, default).ConfigureAwait(false) with { Recovered = false };
    }

    private ChannelMembership NewMembership(ChannelSession session, SubscribeRequest request, ChannelKind kind, bool byServer)
    {
        var connection = session.Connection;
        var dialect = dialects.For(connection.Deflate);
        return new ChannelMembership(
            request.Channel, kind, Subscription.Waiting(connection, dialect, request.Conflate, kind.SlowConsumers == SlowConsumerPolicy.Skip))
        {
            Watch = kind.Presence && request.Presence ? Subscription.Waiting(connection, dialect, conflates: false, skipsWhenSlow: false) : null,
            ByServer = byServer,
            PresenceName = session.PresenceName,
        };
    }

    private void Fail(ChannelSession session, ChannelMembership membership, Exception error, ReadOnlyMemory<byte> id, bool byServer)
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
        if (!byServer)
        {
            session.Connection.Send(error is BrokerUnavailableException
                ? Reply.Error(id, ErrorCode.Unavailable, "Service unavailable")
                : Reply.Error(id, ErrorCode.Internal, "Internal error"));
        }
    }

    private static async ValueTask<bool> MayStayAsync(ChannelSession session, ChannelMembership membership)
    {
        var may = ChannelPermissions.MaySubscribe(membership.Kind, membership.Channel, session.Identity)
            && (membership.Watch is null || ChannelPermissions.MaySeePresence(membership.Kind, membership.Channel, session.Identity));
        return may
            && (membership.Kind.OnSubscribe is not { } handler
                || (await handler.OnSubscribeAsync(session.Peer, membership.Channel, CancellationToken.None).ConfigureAwait(false)).Refusal is null);
    }

    // Somebody who was nobody when he subscribed is present under his name from here on.
    private async ValueTask RenameAsync(ChannelSession session, ChannelMembership membership)
    {
        await session.Connection.Lane.SwitchTo();
        var before = membership.PresenceName;
        if (session.Ended || before == session.PresenceName)
        {
            return;
        }

        membership.PresenceName = session.PresenceName;
        if (membership.Kind.Presence)
        {
            await presence.JoinAsync(membership.Channel, membership.PresenceName, session.Id, session.Info).ConfigureAwait(false);
            await presence.LeaveAsync(membership.Channel, before, session.Id).ConfigureAwait(false);
        }
    }

    private static void Begin(ChannelSession session, ChannelMembership membership, SubscribeRequest request, HistoryPart history, PresenceList? members, ReadOnlyMemory<byte> id)
    {
        var reply = Reply.Subscribed(id, request.Channel, history.Start, request.Since is null ? null : history.Recovered);
        if (members is not null)
        {
            PresenceReply.WriteList(reply.Writer, members);
        }

        session.Connection.Send(reply.End());
        membership.Subscription.Start(history);
        membership.Watch?.Start(HistoryPart.None);
    }

    private async ValueTask<PresenceList?> EnterAsync(ChannelSession session, ChannelMembership membership, bool listed)
    {
        await presence.JoinAsync(membership.Channel, membership.PresenceName, session.Id, session.Info).ConfigureAwait(false);
        await session.Connection.Lane.SwitchTo();
        if (session.Ended || session.Find(membership.Channel) != membership)
        {
            // It ended meanwhile, and left what it had not yet entered.
            await presence.LeaveAsync(membership.Channel, membership.PresenceName, session.Id).ConfigureAwait(false);
            return null;
        }

        // Watched first, then listed: who comes or goes between the two is in both.
        if (membership.Watch is { } watch)
        {
            hub.TryJoin(watch, PresenceChannel.Of(membership.Channel));
        }

        return listed ? await presence.ReadAsync(membership.Channel, MembersInReply).ConfigureAwait(false) : null;
    }

    private void Leave(ChannelSession session, ChannelMembership membership)
    {
        hub.Leave(membership.Subscription);
        if (membership.Watch is { } watch)
        {
            hub.Leave(watch);
        }

        if (membership.Kind.Presence)
        {
            _ = presence.LeaveAsync(membership.Channel, membership.PresenceName, session.Id).AsTask();
        }
    }
}

/// <summary>A subscription that is made while the connection comes, and where in the log it begins.</summary>
/// <param name="Membership">The channel.</param>
/// <param name="History">What of the log comes first.</param>
/// <param name="Since">After which position that was asked for, or null.</param>
internal readonly record struct FirstSubscription(ChannelMembership Membership, HistoryPart History, StreamPosition? Since)
{
    /// <summary>Tells what was asked for and is gone. Called on the connection's lane, after <c>connected</c> was sent.</summary>
    public void TellGap()
    {
        if (Since is not { } since || History.Recovered)
        {
            return;
        }

        // A position that the log has never reached is as foreign to it as one of another epoch.
        var top = History.Top;
        var trimmed = since.Epoch == top.Epoch && since.Offset < top.Offset;
        Membership.Subscription.Connection.Send(Reply.Gap(
            Membership.Channel, top, since.Offset + 1, trimmed ? top.Offset : since.Offset, trimmed ? "trimmed" : "epoch"));
    }

    /// <summary>Has messages go out. Called on the connection's lane, after all gaps were told.</summary>
    public void Start()
    {
        Membership.Subscription.Start(History);
        Membership.Watch?.Start(HistoryPart.None);
    }
}

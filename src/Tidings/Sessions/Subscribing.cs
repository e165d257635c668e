using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Options;
using Tidings.Presence;
using Tidings.Pressure;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Quotas;
using Tidings.Rules;
using Tidings.Security.Identities;

namespace Tidings.Sessions;

/// <summary>Subscribing and its end, for commands and for the server alike. Called on the connection's lane.</summary>
internal sealed partial class Subscribing(Hub hub, IBroker broker, IPresenceStore presence, ChannelKinds kinds, ChannelLimits limits)
{
    // How many members the answer to a subscribe lists; the count is always whole.
    private const int MembersInReply = 100;

    // What one to a channel of its own takes, about.
    private const int SubscriptionBytes = 1024;

    private const string NotAllowed = "Not allowed";

    /// <summary>Says when logs are not read for those who subscribe; null where they always are.</summary>
    public LoadShedder? Shedder { get; init; }

    /// <summary>What all clients' subscriptions of this node may be together.</summary>
    public SenderShares Shares { get; init; } = SharesOfProcess();

    /// <summary>As many subscriptions as fit a quarter of the memory that the process may use.</summary>
    public static SenderShares SharesOfProcess() => new(ProcessMemory.Bytes / 4 / SubscriptionBytes);

    private volatile ChannelLimits _limits = limits;

    /// <summary>What one connection may have.</summary>
    public ChannelLimits Limits
    {
        get => _limits;
        set => _limits = value;
    }

    public int MostSubscriptions => Limits.Subscriptions;

    /// <summary>Whether the session may use its right to subscribe now.</summary>
    /// <param name="session">Who asks.</param>
    /// <param name="refusal">Where it is refused, why.</param>
    public bool TryTake(ChannelSession session, out RateRefusal refusal)
    {
        if (session.Subscribing.TryTake(Limits.SubscribeRate, session.Connection.Lane.Now))
        {
            return session.Connection.TryQuestion(out refusal);
        }

        refusal = new RateRefusal(RateLimitName.Subscribing, session.Subscribing.Wait(Limits.SubscribeRate));
        session.Connection.Registry.Metrics.RateLimited(RateLimitName.Subscribing);
        return false;
    }

    /// <summary>Subscribes, sends the reply and what was missed.</summary>
    /// <param name="session">Whom.</param>
    /// <param name="request">To what.</param>
    /// <param name="command">The command that asks.</param>
    public async ValueTask SubscribeAsync(ChannelSession session, SubscribeRequest request, Command command)
    {
        var connection = session.Connection;
        if (!TryTake(session, out var rate))
        {
            session.Answer(command, Outcome.Refused.By(rate));
            return;
        }

        var (proof, invalid) = await ProveAsync(session, request).ConfigureAwait(false);
        await connection.Lane.SwitchTo();
        if (invalid is { } wrong)
        {
            session.Answer(command, new Outcome.Refused(wrong.Code, wrong.Text, wrong.Details) { HasExpired = wrong.HasExpired });
            return;
        }

        var granted = proof?.Granted;
        var kind = kinds.Find(request.Channel);
        var held = granted is null ? null : session.Find(request.Channel)?.Grant;
        if (held is null && request.OnlyRenews)
        {
            session.Answer(command, new Outcome.Refused(ErrorCode.NotAllowed, "No subscription by a token"));
            return;
        }

        if ((held is null ? Refuse(session, request, kind, granted) : Judge(session, request, kind, granted)) is { } refusal)
        {
            session.Answer(command, new Outcome.Refused(refusal.Code, refusal.Text, refusal.Details));
            return;
        }

        if (held is null && (request.Since is not null || request.Last > 0 || request.State) && Shedder?.TryShed() == true)
        {
            session.Answer(command, Outcome.Refused.Overloaded(LoadShedder.RetryAfter));
            return;
        }

        if (kind.OnSubscribe is { } handler)
        {
            var verdict = await handler.OnSubscribeAsync(session.Peer, request.Channel, CancellationToken.None).ConfigureAwait(false);
            await connection.Lane.SwitchTo();
            if (verdict.Refusal is { } code)
            {
                session.Answer(command, new Outcome.Refused(code, verdict.Error ?? NotAllowed, verdict.Details ?? NoteApplication(connection, request.Channel, code)));
                return;
            }
        }

        if (session.Ended)
        {
            return;
        }

        if (held is not null && session.Find(request.Channel) is { } membership && membership.Grant == held)
        {
            Renew(session, membership, held, granted!, command);
            return;
        }

        await JoinAsync(session, request, kind, command, granted, proof?.Member).ConfigureAwait(false);
    }

    /// <summary>Subscribes a session that did not ask for it, and tells it: no limit counts it, no permission is needed.</summary>
    /// <returns>False where the session was subscribed already, or has gone.</returns>
    public async ValueTask<bool> SubscribeByServerAsync(ChannelSession session, string channel)
    {
        if (session.Ended || session.Find(channel) is not null)
        {
            return false;
        }

        await JoinAsync(session, new SubscribeRequest { Channel = channel }, kinds.Find(channel), command: null).ConfigureAwait(false);
        return !session.Ended;
    }

    /// <summary>Subscribes a session to its user's own channel, now that the user is known.</summary>
    public async ValueTask SubscribeToOwnAsync(ChannelSession session)
    {
        if (ChannelName.OfUser(session.User!) is { } own)
        {
            await SubscribeByServerAsync(session, own).ConfigureAwait(false);
        }
    }

    /// <summary>Ends a subscription, the client's or the server's, and tells its owner why.</summary>
    /// <returns>False where there was none.</returns>
    public bool UnsubscribeByServer(ChannelSession session, string channel)
    {
        if (session.Ended || session.Find(channel) is not { } membership)
        {
            return false;
        }

        Unsubscribe(session, membership);
        session.Say(new Notice.Unsubscribed(channel, ErrorCode.NotAllowed, "Unsubscribed by server"));
        return true;
    }

    /// <summary>Judges whether a connection that nobody knows of yet may subscribe, on any thread. How often is bounded by who may connect.</summary>
    /// <returns>Why not, or null; and what a token of its own grants.</returns>
    public async ValueTask<(SubscribeRefusal? Refusal, Identity? Granted)> JudgeAsync(ChannelSession session, SubscribeRequest request)
    {
        var channel = request.Channel;
        var kind = kinds.Find(channel);
        if (RefuseMore(session, kind) is { } many)
        {
            return (many, null);
        }

        var (proof, invalid) = await ProveAsync(session, request).ConfigureAwait(false);
        if (invalid is not null)
        {
            return (invalid, null);
        }

        var granted = proof?.Granted;
        if (Judge(session, request, kind, granted) is { } refusal)
        {
            return (refusal, null);
        }

        var verdict = kind.OnSubscribe is { } handler
            ? await handler.OnSubscribeAsync(session.Peer, channel, CancellationToken.None).ConfigureAwait(false)
            : HandlerVerdict.Allow;
        return verdict.Refusal is { } code
            ? (new SubscribeRefusal(code, verdict.Error ?? NotAllowed, verdict.Details ?? NoteApplication(session.Connection, channel, code)), null)
            : (null, granted);
    }

    /// <summary>Subscribes a connection that nobody knows of yet, on any thread; <see cref="FirstSubscription.Start"/> then goes to its lane.</summary>
    /// <param name="session">Whom.</param>
    /// <param name="request">To what.</param>
    /// <param name="byServer">Whether it is the server's wish, which counts against no limit.</param>
    /// <param name="granted">What a token of its own grants; null where there is none.</param>
    public async ValueTask<FirstSubscription> PrepareAsync(ChannelSession session, SubscribeRequest request, bool byServer, Identity? granted = null)
    {
        var channel = request.Channel;
        var membership = NewMembership(session, request, kinds.Find(channel), byServer, granted);
        session.Add(membership);
        hub.TryJoin(membership.Subscription, channel);
        var history = await ReadAsync(session, request, membership).ConfigureAwait(false);
        if (membership.Kind.Presence)
        {
            await JoinPresenceAsync(session, membership, request.Info).ConfigureAwait(false);
        }

        WatchOccupancy(membership);
        if (membership.Watch is { } watch)
        {
            await WatchAsync(session, channel, watch).ConfigureAwait(false);
        }

        return new FirstSubscription(membership, history, request.Since);
    }

    /// <summary>Ends a subscription that has missed messages, and tells its owner.</summary>
    public void EndAtGap(ChannelSession session, string channel)
    {
        if (!session.Ended && session.Find(channel) is { } membership)
        {
            Unsubscribe(session, membership);
            session.Say(new Notice.Missed(channel));
        }
    }

    public void Unsubscribe(ChannelSession session, ChannelMembership membership)
    {
        session.Remove(membership);
        Leave(session, membership);
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

    private SubscribeRefusal? Refuse(ChannelSession session, SubscribeRequest request, ChannelKind kind, Identity? granted)
    {
        var channel = request.Channel;
        if (session.Find(channel) is not null)
        {
            return new SubscribeRefusal(ErrorCode.Conflict, "Already subscribed");
        }

        return RefuseMore(session, kind) ?? Judge(session, request, kind, granted);
    }

    private SubscribeRefusal? RefuseMore(ChannelSession session, ChannelKind kind) =>
        (Limits.Subscriptions > 0 && session.Count - session.ByServer >= Limits.Subscriptions)
        || !Shares.HasRoom(session.Connection.Sender, kind.Places)
            ? new SubscribeRefusal(ErrorCode.TooMany, "Too many subscriptions")
            : null;

    // What the application has refused with another code is its own affair.
    private static IReadOnlyList<FieldFault>? NoteApplication(Connection connection, string channel, ErrorCode code) =>
        code == ErrorCode.NotAllowed ? connection.Registry.Refusals.Add(NotAllowed, connection.Address, PermissionReason.Application(channel)) : null;

    private static SubscribeRefusal? Judge(ChannelSession session, SubscribeRequest request, ChannelKind kind, Identity? granted)
    {
        var asked = new PermissionRequest(granted ?? session.Identity, request, kind);
        if (Permissions.Allow(CommandType.Subscribe, asked))
        {
            return request.State && kind.Retention.State is null ? new SubscribeRefusal(ErrorCode.BadRequest, CommandActions.NoState, [CommandActions.NoStateIn("state")]) : null;
        }

        var connection = session.Connection;
        return new SubscribeRefusal(ErrorCode.NotAllowed, NotAllowed, connection.Registry.Refusals.Add(NotAllowed, connection.Address, PermissionReason.Of(CommandType.Subscribe, asked)));
    }
}

/// <summary>Why somebody is not subscribed.</summary>
/// <param name="Code">For programs.</param>
/// <param name="Text">For people.</param>
/// <param name="Details">What the client may know besides, or null.</param>
internal readonly record struct SubscribeRefusal(ErrorCode Code, string Text, IReadOnlyList<FieldFault>? Details = null)
{
    /// <summary>Whether a token has expired.</summary>
    public bool HasExpired { get; init; }
}

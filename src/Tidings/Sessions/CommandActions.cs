using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Messages;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Pressure;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Quotas;
using Tidings.Rules;
using Tidings.Security.Identities;

namespace Tidings.Sessions;

/// <summary>What each command does. Called on the connection's lane; whatever sends after waiting has come back to it.</summary>
internal sealed partial class CommandActions(
    IBroker broker, IPresenceStore presence, ChannelKinds kinds, Subscribing subscribing, ConnectionDirectory directory, DirectMessages direct, Everywhere everywhere)
{
    /// <summary>The error for those who want of a channel's state what it does not have.</summary>
    public const string NoState = "No state";

    private const string NotAllowed = "Not allowed";
    private const string NotSubscribed = "Not subscribed";
    private static readonly FieldFault NoAnswer = new("method", "nothing answers this method (MapCall, Tidings:Hooks:Call), or what answers it refused it");
    private const int MostMessages = 1000;
    private const int MostHistoryBytes = 1024 * 1024;

    // What a message has on the wire besides its data, about.
    private const int MessageOverhead = 128;

    private static readonly byte[] Null = "null"u8.ToArray();

    /// <summary>Takes tokens; null where none are accepted.</summary>
    public FirstMessage? FirstMessage { get; init; }

    /// <summary>Answers calls; null where there is none.</summary>
    public ICallHandler? Calls { get; set; }

    /// <summary>Says when what can wait is refused; null where it never is.</summary>
    public LoadShedder? Shedder { get; init; }

    public ValueTask CarryOutAsync(ChannelSession session, Command command)
    {
        var connection = session.Connection;
        RateRefusal refusal;
        switch (command.Type)
        {
            case CommandType.Publish or CommandType.Track or CommandType.Send or CommandType.Call or CommandType.Auth when !connection.TryContent(command.ContentBytes, out refusal):
                session.Answer(command, Outcome.Refused.By(refusal));
                return default;
            case CommandType.Unsubscribe or CommandType.Presence or CommandType.History when !subscribing.TryTake(session, out refusal):
                session.Answer(command, Outcome.Refused.By(refusal));
                return default;
            case CommandType.Presence or CommandType.History when Shedder?.TryShed() == true:
                session.Answer(command, Outcome.Refused.Overloaded(LoadShedder.RetryAfter));
                return default;
            case CommandType.Subscribe when command.Targets is { } targets:
                return SubscribeAllAsync(session, command, targets);
            case CommandType.Subscribe:
                return subscribing.SubscribeAsync(session, command.Target, command);
            case CommandType.Presence or CommandType.History when command.Token is not null:
                return ReadByTokenAsync(session, command);
        }

        var bySubscription = command.Type is CommandType.History or CommandType.Presence or CommandType.Track
            || (command.Type == CommandType.Publish && session.MayPublishBySubscription(command.Target.Channel));
        return CarryOutAsync(session, command, bySubscription ? session.IdentityIn(command.Target.Channel) : session.Identity);
    }

    // What has no subscription to look at, as a request over HTTP, shows the token that would grant one.
    private async ValueTask ReadByTokenAsync(ChannelSession session, Command command)
    {
        var (granted, refusal) = await subscribing.IdentifyAsync(session, command.Target).ConfigureAwait(false);
        await session.Connection.Lane.SwitchTo();
        if (granted is null)
        {
            session.Answer(command, new Outcome.Refused(refusal.Code, refusal.Text, refusal.Details));
            return;
        }

        await CarryOutAsync(session, command, granted).ConfigureAwait(false);
    }

    private ValueTask CarryOutAsync(ChannelSession session, Command command, Identity? who)
    {
        var connection = session.Connection;

        // Of a channel that is subscribed to this is asked where every transport subscribes, for each channel by itself.
        var kind = command.Target.Channel is { Length: > 0 } channel ? kinds.Find(channel) : ChannelKinds.None;
        var asked = new PermissionRequest(who, command.Target, kind, direct.Rule);
        if (!Permissions.Allow(command.Type, asked))
        {
            Forbid(session, command, PermissionReason.Of(command.Type, asked));
            return default;
        }

        switch (command.Type)
        {
            case CommandType.Publish:
                return PublishAsync(session, command, kind);
            case CommandType.Track:
                return TrackAsync(session, command);
            case CommandType.Unsubscribe:
                Unsubscribe(session, command);
                return default;
            case CommandType.Send:
                return direct.SendAsync(session, command);
            case CommandType.Presence:
                return PresenceAsync(session, command, kind);
            case CommandType.History:
                return HistoryAsync(session, command, kind);
            case CommandType.Call:
                return CallAsync(session, command);
            case CommandType.Ping:
                if (connection.TryControl())
                {
                    session.Answer(command, Outcome.Pong.Instance);
                }

                return default;
            case CommandType.Open:
                // A session begins once.
                connection.CloseNow(DisconnectCode.InvalidMessage);
                return default;
            case CommandType.Quit:
                connection.Suspend();
                connection.Close(DisconnectCode.Goodbye);
                return default;
            case CommandType.Auth when session.Dialect.SignIn(session.Id, command) is { } judged:
                return SignInAsync(session, command, judged);
            case CommandType.Auth when FirstMessage is { } firstMessage:
                return AuthenticateAsync(session, command, firstMessage);
            case CommandType.Auth:
                Refuse(session, command, ErrorCode.Unauthorized, "Invalid token");
                return default;
            default:
                connection.TryControl();
                return default;
        }
    }

    private static void Refuse(ChannelSession session, Command command, ErrorCode code, string error) => session.Answer(command, new Outcome.Refused(code, error));

    private static void Forbid(ChannelSession session, Command command, FieldFault why) =>
        session.Answer(command, new Outcome.Refused(ErrorCode.NotAllowed, NotAllowed, session.Connection.Registry.Refusals.Add(NotAllowed, session.Connection.Address, why)));

    // What the application has refused with another code is its own affair.
    private static void Refuse(ChannelSession session, Command command, ErrorCode code, HandlerVerdict verdict, FieldFault why)
    {
        var noted = code == ErrorCode.NotAllowed ? session.Connection.Registry.Refusals.Add(NotAllowed, session.Connection.Address, why) : null;
        session.Answer(command, new Outcome.Refused(code, verdict.Error ?? NotAllowed, verdict.Details ?? noted));
    }

    private async ValueTask AuthenticateAsync(ChannelSession session, Command command, FirstMessage firstMessage)
    {
        var known = session.User is not null;
        await TellAsync(session, command, await firstMessage.TakeAsync(session.Connection, command.Token).ConfigureAwait(false), known).ConfigureAwait(false);
    }

    private async ValueTask SignInAsync(ChannelSession session, Command command, TokenJudgement judged)
    {
        var known = session.User is not null;
        await TellAsync(session, command, await Connections.FirstMessage.TakeAsync(session.Connection, judged).ConfigureAwait(false), known).ConfigureAwait(false);
    }

    private async ValueTask TellAsync(ChannelSession session, Command command, AuthAnswer answer, bool known)
    {
        var connection = session.Connection;
        switch (answer.Outcome)
        {
            case AuthOutcome.Accepted:
                session.Answer(command, new Outcome.Authenticated(session.User!, connection.TokenLeft));
                if (!known)
                {
                    directory.SetUser(session.User!, connection);
                    await subscribing.SubscribeToOwnAsync(session).ConfigureAwait(false);
                    await connection.Lane.SwitchTo();
                }

                await subscribing.ReviewAsync(session).ConfigureAwait(false);
                break;
            case AuthOutcome.Refused when answer.HasExpired && session.Dialect.EndsWithExpiredToken:
                connection.CloseNow(DisconnectCode.TokenExpired);
                break;
            case AuthOutcome.Refused:
                session.Answer(command, new Outcome.Refused(ErrorCode.Unauthorized, "Invalid token", answer.Details));
                break;
            case AuthOutcome.Unavailable:
                session.Answer(command, Outcome.Refused.Unavailable);
                break;
        }
    }

    private async ValueTask SubscribeAllAsync(ChannelSession session, Command command, List<SubscribeRequest> targets)
    {
        foreach (var target in targets)
        {
            await subscribing.SubscribeAsync(session, target, command).ConfigureAwait(false);
            await session.Connection.Lane.SwitchTo();
        }
    }

    private void Unsubscribe(ChannelSession session, Command command)
    {
        if (session.Find(command.Target.Channel) is { } membership)
        {
            subscribing.Unsubscribe(session, membership);
            session.Answer(command, new Outcome.Unsubscribed(membership.Channel));
        }
        else
        {
            Refuse(session, command, ErrorCode.NotAllowed, NotSubscribed);
        }
    }

    private async ValueTask PublishAsync(ChannelSession session, Command command, ChannelKind kind)
    {
        var connection = session.Connection;
        var channel = command.Target.Channel;
        if (command.Remove && kind.Retention.State is null)
        {
            session.Answer(command, new Outcome.Refused(ErrorCode.BadRequest, NoState, [NoStateIn("remove")]));
            return;
        }

        if (!connection.TryPublish(channel, out var refusal))
        {
            session.Answer(command, Outcome.Refused.By(refusal));
            return;
        }

        var data = command.Remove ? default
            : command.Bytes is { } bytes ? new MessageData(DataKind.Binary, bytes)
            : new MessageData(DataKind.Json, command.Data);
        if (kind.OnPublish is { } handler)
        {
            var request = new PublishRequest(channel, command.Data) { Bytes = command.Bytes, Event = command.Event, Key = command.Key, Remove = command.Remove, Ephemeral = command.Ephemeral };
            var verdict = await handler.OnPublishAsync(session.Peer, request, CancellationToken.None).ConfigureAwait(false);
            await connection.Lane.SwitchTo();
            if (verdict.Refusal is { } code)
            {
                Refuse(session, command, code, verdict, PermissionReason.Application(channel));
                return;
            }

            if (verdict.Drop)
            {
                session.Answer(command, new Outcome.Published(channel, null));
                return;
            }

            data = command.Remove ? data : verdict.Change(data);
        }

        var position = await broker.PublishAsync(new Publication(channel, data)
        {
            Kind = command.Remove ? MessageKind.KeyRemoval : MessageKind.Message,
            From = session.Find(channel)?.Member?.User ?? session.User,
            Sender = connection.Sender,
            Connection = kind.Publisher ? session.HearingId : null,
            Event = command.Event,
            Except = command.Except && session.HearingId is { } own ? ExceptList.OfConnections([own]) : null,
            Key = command.Key,
            IdempotencyKey = ScopeKey(session.User, command.IdempotencyKey),
            Durable = command.Durable,
            Ephemeral = command.Ephemeral,
            Retention = kind.Retention,
        }).ConfigureAwait(false);
        await connection.Lane.SwitchTo();
        session.Answer(command, new Outcome.Published(channel, position));
    }

    /// <summary>What is wrong with such a wish.</summary>
    public static FieldFault NoStateIn(string field) => new(field, "this channel keeps no state (Tidings:Channels:n:State)");

    // One user's keys are not another's, nor the server's: who guesses a key must not make somebody else's message look like a repeat.
    private static string? ScopeKey(string? user, string? key) => key is null ? null : $"\u0001{user}\u0001{key}";

    private async ValueTask HistoryAsync(ChannelSession session, Command command, ChannelKind kind)
    {
        var target = command.Target;
        if (!await MayReadAsync(session, kind, target.Channel).ConfigureAwait(false))
        {
            await session.Connection.Lane.SwitchTo();
            Forbid(session, command, PermissionReason.Application(target.Channel));
            return;
        }

        var limit = Math.Min(command.Limit ?? MostMessages, MostMessages);
        var wanted = command.Before is { } before
            ? HistoryRequest.Backwards(await subscribing.InEpochAsync(target.Channel, before).ConfigureAwait(false), limit)
            : command.FromOldest ? HistoryRequest.FromOldest(limit)
            : new HistoryRequest(target.Since is { } since ? await subscribing.InEpochAsync(target.Channel, since).ConfigureAwait(false) : null, Math.Min(target.Last ?? limit, limit), limit);
        var part = await broker.ReadAsync(target.Channel, wanted).ConfigureAwait(false);
        await session.Connection.Lane.SwitchTo();
        var mostBytes = Math.Min(MostHistoryBytes, session.Connection.Settings.QueueBytes / 2);
        session.Answer(command, new Outcome.History(target.Channel, wanted, part with { Messages = Bounded(part.Messages, mostBytes, newest: wanted is { Since: null, Oldest: false }) }));
    }

    // How large the answer may be, about; one message always fits. After a position the first are told, otherwise the newest.
    private static IReadOnlyList<Message> Bounded(IReadOnlyList<Message> messages, int mostBytes, bool newest)
    {
        var count = 0;
        for (var left = (long)mostBytes; count < messages.Count; count++)
        {
            left -= messages[newest ? messages.Count - 1 - count : count].Data.Length + MessageOverhead;
            if (left < 0 && count > 0)
            {
                break;
            }
        }

        return count == messages.Count ? messages : [.. newest ? messages.Skip(messages.Count - count) : messages.Take(count)];
    }

    // OnSubscribe also guards reads without a subscription.
    private static async ValueTask<bool> MayReadAsync(ChannelSession session, ChannelKind kind, string channel) =>
        kind.OnSubscribe is not { } handler
        || session.Find(channel) is not null
        || (await handler.OnSubscribeAsync(session.Peer, channel, CancellationToken.None).ConfigureAwait(false)).Refusal is null;

    private async ValueTask CallAsync(ChannelSession session, Command command)
    {
        if (Calls is null)
        {
            Forbid(session, command, NoAnswer);
            return;
        }

        var verdict = await Calls.OnCallAsync(session.Peer, command.Method!, command.Data, CancellationToken.None).ConfigureAwait(false);
        await session.Connection.Lane.SwitchTo();
        if (verdict.Refusal is { } code)
        {
            Refuse(session, command, code, verdict, NoAnswer);
            return;
        }

        session.Answer(command, new Outcome.Result(verdict.Data ?? Null));
    }
}

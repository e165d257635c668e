using System.Globalization;
using System.Security.Cryptography;
using Tidings.Dialects;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Replies;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.AspNetCore.Pusher;

/// <summary>The Pusher protocol, version 7, for clients of one application (docs/guides/pusher.md).</summary>
/// <param name="app">The application.</param>
/// <param name="deflater">Compresses; null where nothing is compressed.</param>
/// <param name="now">Unix milliseconds.</param>
/// <param name="tracks">Whether clients say by themselves what is shown of members of a channel: this protocol shows what was signed alone.</param>
/// <param name="missed">Called where a cache channel has nothing for somebody who comes.</param>
internal sealed class PusherDialect(PusherApp app, MessageDeflater? deflater, Func<long> now, Func<string, bool>? tracks = null, Action<string>? missed = null) : SessionDialect(deflater)
{
    /// <summary>After how many seconds of silence a client asks for a sign of life.</summary>
    public const int ActivityTimeout = 120;

    private const int ClientEventRate = 4301;
    private const int NotAuthorized = 4009;
    private const int ComeBack = 4100;

    private static readonly byte[] Pong = Event("pusher:pong", channel: null, "{}"u8);

    public override string ProtocolName => "pusher";

    public override byte[] Ping { get; } = Event("pusher:ping", channel: null, "{}"u8);

    public override CommandFault? Read(ref ReadOnlySpan<byte> text, out Command command)
    {
        var fault = PusherReader.Read(text, app, out command);
        text = default;
        return fault;
    }

    // Two numbers, as the protocol wants it; together as hard to guess as any other id.
    public override string NewId() => string.Create(
        CultureInfo.InvariantCulture, $"{BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4))}.{BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) >> 11}");

    public override SubscriptionProof? Prove(string connection, string? user, SubscribeRequest request)
    {
        var channel = app.FromLog(request.Channel) ?? "";
        if (channel.StartsWith("presence-", StringComparison.Ordinal))
        {
            return app.Verifies(request.Proof?.Signature, $"{connection}:{channel}:{request.Proof?.Text}") && PusherMember.Read(request.Proof?.Text) is { } member
                ? new SubscriptionProof(Grant(request.Channel, member.User, TokenActions.Publish), member)
                : new SubscriptionProof(null);
        }

        if (channel.StartsWith("private-", StringComparison.Ordinal))
        {
            // End-to-end encrypted channels have no events of clients.
            var publishes = channel.StartsWith("private-encrypted-", StringComparison.Ordinal) ? TokenActions.None : TokenActions.Publish;
            var signed = request.Proof?.Text is null ? $"{connection}:{channel}" : $"{connection}:{channel}:{request.Proof?.Text}";
            return new SubscriptionProof(app.Verifies(request.Proof?.Signature, signed) ? Grant(request.Channel, user ?? "~" + connection, publishes) : null);
        }

        return null;
    }

    public override TokenJudgement? SignIn(string connection, Command command) =>
        app.Verifies(command.Target.Proof?.Signature, $"{connection}::user::{command.Target.Proof?.Text}") && PusherMember.ReadUser(command.Target.Proof?.Text) is { } user && app.IsOwnUser(user)
            ? (TokenJudgement?)new Identity { User = app.UserName(user), IssuedAt = now(), IssuedHere = true }
            : null;

    public override byte[]? Answer(Command command, Outcome outcome) => outcome switch
    {
        Outcome.Refused refused => Refused(command, refused),
        Outcome.Subscribed subscribed => Subscribed(subscribed),
        Outcome.Renewed => Again(app.FromLog(command.Target.Channel)!),
        Outcome.Authenticated => SignedIn(command),
        Outcome.Pong => Pong,
        _ => null,
    };

    public override byte[]? Say(Notice notice) => notice switch
    {
        Notice.Connected connected => Connected(connected),
        Notice.Refused refused => Error(refused.Why.Code == ErrorCode.RateLimited ? ClientEventRate : null, refused.Why.Error),
        Notice.Unsubscribed gone when app.FromLog(gone.Channel) is { } channel => SubscriptionError(channel, gone.Reason, 403),
        _ => null,
    };

    public override DisconnectCode CloseCode(DisconnectCode code) => code.Code < 4000
        ? code
        : new DisconnectCode(CloseCodes.Of(code.Code).After is AfterClose.StayAway or AfterClose.AskTokenOnce ? (ushort)NotAuthorized : (ushort)ComeBack, code.Reason);

    // What is not the application's own is not shown, also where the server subscribed the client to it.
    public override byte[] Encode(Message message) => app.FromLog(message.Channel) is not { } channel ? [] : message.Kind switch
    {
        MessageKind.Message => Event(message, channel),
        MessageKind.Join or MessageKind.Leave => PusherMember.Event(channel, message.Data.Bytes.Span, message.Kind == MessageKind.Join, tracks?.Invoke(message.Channel) == true),
        _ => [],
    };

    /// <summary>A frame <c>{"event","channel","data"}</c> whose data is the text of JSON, as the protocol wants it.</summary>
    public static byte[] Event(string name, string? channel, ReadOnlySpan<byte> data)
    {
        var frame = Begin(name, channel);
        frame.Writer.WriteString("data"u8, data);
        return frame.End();
    }

    private static JsonFrame Begin(string name, string? channel)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("event"u8, name);
        if (channel is not null)
        {
            frame.Writer.WriteString("channel"u8, channel);
        }

        return frame;
    }

    private static byte[] Event(Message message, string channel)
    {
        var name = message.Event ?? "message";
        if (PusherReader.IsReserved(name))
        {
            // The protocol's own events are the server's: no other publisher can say that a member has come.
            return [];
        }

        var frame = Begin(name, channel);
        var byClient = name.StartsWith(PusherReader.ClientEvent, StringComparison.Ordinal);
        var data = message.Data.Kind == DataKind.Text ? message.Data.Bytes : message.Data.ToNamedJson();
        if (byClient && message.Data.Kind != DataKind.Text)
        {
            frame.Raw("data"u8, data.Span);
        }
        else
        {
            frame.Writer.WriteString("data"u8, data.Span);
        }

        if (byClient && message.From is { } from && channel.StartsWith("presence-", StringComparison.Ordinal))
        {
            frame.Writer.WriteString("user_id"u8, from);
        }

        return frame.End();
    }

    private Identity Grant(string channel, string user, TokenActions more) => new()
    {
        User = user,
        IssuedAt = now(),
        IssuedHere = true,
        Grants = ChannelGrants.Of(channel, ChannelGrants.OfSubscription | more),
    };

    private byte[]? Refused(Command command, Outcome.Refused refused) => command.Type switch
    {
        CommandType.Subscribe when refused.Code == ErrorCode.Conflict => Again(app.FromLog(command.Target.Channel)!),
        CommandType.Subscribe => SubscriptionError(app.FromLog(command.Target.Channel)!, refused.Error, refused.Code switch
        {
            ErrorCode.NotAllowed or ErrorCode.Unauthorized => 401,
            ErrorCode.RateLimited or ErrorCode.TooMany => 429,
            ErrorCode.Unavailable or ErrorCode.Internal => 503,
            _ => 400,
        }),
        CommandType.Unsubscribe => null,
        CommandType.Auth when refused.Code == ErrorCode.Unauthorized => Error(NotAuthorized, "Not signed in: the signature does not hold, or the connection or the name is another user's"),
        CommandType.Publish when refused.Code == ErrorCode.RateLimited => Error(ClientEventRate, refused.Error),
        CommandType.Publish when refused.Code == ErrorCode.NotAllowed => Error(NotAuthorized, "Client events need a subscription to the private or presence channel"),
        _ => Error(null, refused.Details is [{ } fault, ..] ? fault.Message : refused.Error),
    };

    private byte[] Subscribed(Outcome.Subscribed subscribed)
    {
        var channel = app.FromLog(subscribed.Channel)!;
        var succeeded = Event("pusher_internal:subscription_succeeded", channel, subscribed.Members is { } members ? PusherMember.List(members) : "{}"u8);
        if (!PusherReader.IsCache(channel) || subscribed.Following > 0)
        {
            return succeeded;
        }

        missed?.Invoke(subscribed.Channel);
        return [.. succeeded, .. Begin("pusher:cache_miss", channel).End()];
    }

    // A client that is told of a presence channel once more would take the members that it is told for all there are.
    private static byte[] Again(string channel) => channel.StartsWith("presence-", StringComparison.Ordinal)
        ? SubscriptionError(channel, "Already subscribed", 409)
        : Event("pusher_internal:subscription_succeeded", channel, "{}"u8);

    private static byte[] SignedIn(Command command)
    {
        var data = JsonFrame.Begin();
        data.Writer.WriteString("user_data"u8, command.Target.Proof?.Text);
        return Event("pusher:signin_success", channel: null, data.EndJson().ToArray());
    }

    private static byte[] Connected(Notice.Connected connected)
    {
        var data = JsonFrame.Begin();
        data.Writer.WriteString("socket_id"u8, connected.Id);
        data.Writer.WriteNumber("activity_timeout"u8, ActivityTimeout);
        return Event("pusher:connection_established", channel: null, data.EndJson().ToArray());
    }

    private static byte[] SubscriptionError(string channel, string error, int status)
    {
        var frame = Begin("pusher:subscription_error", channel);
        frame.Writer.WriteStartObject("data"u8);
        frame.Writer.WriteString("type"u8, status == 401 ? "AuthError" : "Error");
        frame.Writer.WriteString("error"u8, error);
        frame.Writer.WriteNumber("status"u8, status);
        frame.Writer.WriteEndObject();
        return frame.End();
    }

    private static byte[] Error(int? code, string message)
    {
        var frame = Begin("pusher:error", channel: null);
        frame.Writer.WriteStartObject("data"u8);
        if (code is { } number)
        {
            frame.Writer.WriteNumber("code"u8, number);
        }
        else
        {
            frame.Writer.WriteNull("code"u8);
        }

        frame.Writer.WriteString("message"u8, message);
        frame.Writer.WriteEndObject();
        return frame.End();
    }
}

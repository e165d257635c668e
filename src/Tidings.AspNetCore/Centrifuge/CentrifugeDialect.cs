using Tidings.Channels;
using Tidings.Dialects;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>The Centrifuge protocol, version 2, in JSON (docs/guides/centrifuge.md).</summary>
/// <param name="deflater">Compresses for peers who agreed to it.</param>
/// <param name="tokens">Reads tokens by the protocol's own secret; null where there is none.</param>
/// <param name="site">What the dialect knows of its server.</param>
internal sealed class CentrifugeDialect(MessageDeflater? deflater, CentrifugeTokens? tokens, CentrifugeSite site) : SessionDialect(deflater)
{
    public const string Delta = "delta";
    public const string Stats = "presence_stats";
    public const string Reverse = "reverse";
    public const string SubRefresh = "sub_refresh";

    /// <summary>The dialect whose words this one takes but for binary payloads, which it has under <see cref="CentrifugePublications.Bytes"/>; null where it is for clients of JSON, which have no bytes.</summary>
    public CentrifugeDialect? Shared { get; private init; }

    /// <summary>The same as Protobuf is made of it.</summary>
    public CentrifugeDialect WithBytes() => new(deflater: null, tokens, site) { Shared = this };

    public override string ProtocolName => "centrifuge-json";

    public override Dialect FormOf(Message message) => Shared is null || message.Data.Kind == DataKind.Binary ? this : Shared;

    private PublicationForm Form => Shared is null ? PublicationForm.Json : PublicationForm.Bytes;

    public override bool OpensByCommand => true;

    public override bool EndsAtGap => true;

    public override bool SeesConnections => true;

    public override ChangeDialect Changes { get; } = new CentrifugeDeltas();

    public override int MessagesInAnswer => CentrifugeFields.MostMessages;

    public override DisconnectCode? Oversized => DisconnectCode.MessageTooLarge;

    public override byte[] Ping { get; } = Frame.Text("{}"u8);

    public override string NewId() => Guid.NewGuid().ToString();

    public override CommandFault? Read(ref ReadOnlySpan<byte> text, out Command command) => CentrifugeReader.Read(ref text, out command);

    public override SessionProof? ProveOpening(Command command)
    {
        if (site.IsInsecure)
        {
            return new SessionProof(default, []);
        }

        if (command.Token is not { } token || tokens?.Read(token) is not { } claims)
        {
            return null;
        }

        return new SessionProof(
            claims.Why is { } why ? why
                : claims.Channel is not null ? TokenReason.Purpose
                : claims.User is { } user ? claims.Identify(user, grants: null, site.Now())
                : default(TokenJudgement),
            claims.Channels) { EndsAt = claims.EndsAt };
    }

    // Told by an error, the clients would end for good.
    public override bool EndsWithExpiredToken => true;

    public override TokenJudgement? SignIn(string connection, Command command) =>
        command.Token is not { } token || tokens?.Read(token) is not { } claims ? null
        : claims.Why is { } why ? why
        : claims.Channel is not null ? TokenReason.Purpose
        : claims.User is { } user ? claims.Identify(user, grants: null, site.Now())
        : TokenReason.Subject;

    public override SubscriptionProof? Prove(string connection, string? user, SubscribeRequest request)
    {
        var name = user ?? "~" + connection;
        if (site.IsInsecure)
        {
            return new SubscriptionProof(new Identity { User = name, IssuedAt = site.Now(), IssuedHere = true, Grants = ChannelGrants.Of(request.Channel, ChannelGrants.OfSubscription | TokenActions.Publish) });
        }

        if (request.Token is not { } token || tokens?.Read(token) is not { } claims)
        {
            return null;
        }

        if (claims.Why is { } why)
        {
            return new SubscriptionProof(null) { HasExpired = why == TokenReason.Expired };
        }

        return new SubscriptionProof(claims.Channel == request.Channel && claims.User == user
            ? claims.Identify(name, ChannelGrants.Of(request.Channel, ChannelGrants.OfSubscription), site.Now())
            : null);
    }

    // Without an id nobody waits for an answer.
    public override byte[]? Answer(Command command, Outcome outcome)
    {
        if (command.Id.IsEmpty)
        {
            return null;
        }

        var frame = JsonFrame.Begin();
        frame.Raw("id"u8, command.Id.Span);
        switch (outcome)
        {
            case Outcome.Refused when command.Type == CommandType.Unsubscribe:
                CentrifugeJson.WriteEmpty(frame, "unsubscribe"u8);
                break;
            case Outcome.Refused refused:
                CentrifugeJson.WriteError(frame, CentrifugeCodes.Of(command.Type, refused));
                break;
            case Outcome.Opened opened:
                CentrifugeJson.WriteConnected(frame, opened.Session, site, Form);
                break;
            case Outcome.Subscribed subscribed:
                CentrifugeJson.WriteSubscribed(frame, "subscribe"u8, subscribed, command.Word == Delta ? PublicationForm.Text : Form);
                break;
            case Outcome.Renewed renewed when command.Word == SubRefresh:
                frame.Writer.WriteStartObject("sub_refresh"u8);
                CentrifugeJson.WriteExpiry(frame.Writer, renewed.Expires);
                frame.Writer.WriteEndObject();
                break;
            case Outcome.Renewed:
                CentrifugeJson.WriteError(frame, CentrifugeCodes.AlreadySubscribed);
                break;
            case Outcome.Unrecovered:
            case Outcome.History { Part.Recovered: false }:
                CentrifugeJson.WriteError(frame, CentrifugeCodes.UnrecoverablePosition);
                break;
            case Outcome.Authenticated authenticated:
                frame.Writer.WriteStartObject("refresh"u8);
                frame.Writer.WriteString("version"u8, site.Version);
                CentrifugeJson.WriteExpiry(frame.Writer, authenticated.Expires / 1000);
                frame.Writer.WriteEndObject();
                break;
            case Outcome.Published:
                CentrifugeJson.WriteEmpty(frame, "publish"u8);
                break;
            case Outcome.Unsubscribed:
                CentrifugeJson.WriteEmpty(frame, "unsubscribe"u8);
                break;
            case Outcome.Presence presence when command.Word == Stats:
                CentrifugeJson.WriteStats(frame, presence.List);
                break;
            case Outcome.Presence presence:
                CentrifugeJson.WritePresence(frame, presence.List);
                break;
            case Outcome.History history:
                CentrifugeJson.WriteHistory(frame, history.Part, command.Word == Reverse, Form);
                break;
            case Outcome.Result result:
                frame.Writer.WriteStartObject("rpc"u8);
                frame.Raw("data"u8, result.Data.Span);
                frame.Writer.WriteEndObject();
                break;
        }

        return frame.End();
    }

    public override byte[]? Say(Notice notice) => notice switch
    {
        Notice.Subscribed subscribed => CentrifugeJson.Push(subscribed.To.Channel, frame => CentrifugeJson.WriteSubscribed(frame, "subscribe"u8, subscribed.To, Form)),
        Notice.Unsubscribed gone => CentrifugeJson.Unsubscribed(gone.Channel, gone.Code == ErrorCode.Expired ? CentrifugeCodes.SubscriptionExpired : CentrifugeCodes.UnsubscribedByServer, gone.Reason),
        Notice.Missed missed => CentrifugeJson.Unsubscribed(missed.Channel, CentrifugeCodes.InsufficientState, "insufficient state"),
        Notice.Direct direct => CentrifugeJson.Direct(direct.Data.Span),
        _ => null,
    };

    public override byte[] Encode(Message message) => message.Kind switch
    {
        MessageKind.Message => CentrifugePublications.Push(message, Form),
        MessageKind.Join => CentrifugeJson.Member(message, "join"u8),
        MessageKind.Leave => CentrifugeJson.Member(message, "leave"u8),
        _ => [],
    };

    public override DisconnectCode CloseCode(DisconnectCode code) => CentrifugeCodes.Of(code);
}

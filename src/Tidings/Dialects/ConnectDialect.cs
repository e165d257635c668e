using Tidings.Messages;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;

namespace Tidings.Dialects;

/// <summary>The channel protocol over WebSocket: one JSON object in one text frame.</summary>
internal sealed class ConnectDialect(MessageDeflater? deflater = null) : SessionDialect(deflater)
{
    private static readonly Command NoCommand = new();

    public override string ProtocolName => "tidings";

    public override CommandFault? Read(ref ReadOnlySpan<byte> text, out Command command)
    {
        var fault = CommandReader.Read(text, out command);
        text = default;
        return fault;
    }

    public override byte[] Answer(Command command, Outcome outcome) => outcome switch
    {
        Outcome.Refused { RetryAfter: { } retryAfter } refused => Reply.Later(command.Id, refused.Code, refused.Error, retryAfter, refused.Limit),
        Outcome.Refused refused => Reply.Error(command.Id, refused.Code, refused.Error, refused.Details),
        Outcome.Authenticated authenticated => Reply.AuthSuccess(command.Id, authenticated.User),
        Outcome.Subscribed subscribed => Subscribed(command.Id, subscribed),
        Outcome.Renewed renewed => Reply.Renewed(command.Id, renewed.Channel, renewed.Expires),
        Outcome.Unsubscribed unsubscribed => Reply.Unsubscribed(command.Id, unsubscribed.Channel),
        Outcome.Published published => Reply.Published(command.Id, published.Channel, published.Position),
        Outcome.Tracked tracked => Reply.Tracked(command.Id, tracked.Channel),
        Outcome.Sent sent => Reply.Sent(command.Id, sent.Delivered),
        Outcome.Presence presence => Presence(command.Id, presence),
        Outcome.History history => HistoryJson.Frame(command.Id, history.Channel, history.Wanted, history.Part),
        Outcome.Result result => Reply.Result(command.Id, result.Data.Span),
        _ => Reply.PongTo(command.Id),
    };

    public override byte[] Say(Notice notice) => notice switch
    {
        Notice.Connected connected => Connected(connected),
        Notice.Subscribed subscribed => Subscribed(id: default, subscribed.To),
        Notice.Unsubscribed unsubscribed => Reply.Unsubscribed(id: default, unsubscribed.Channel, unsubscribed.Code, unsubscribed.Reason),
        Notice.Expiring expiring => Expiring(expiring.Seconds),
        Notice.Direct direct => Reply.Direct(direct.From, direct.Connection, direct.Data.Span),
        Notice.Refused refused => Answer(NoCommand, refused.Why),
        _ => Reply.Draining,
    };

    public override byte[] Gap(string channel, in ChannelGap gap) => Reply.Gap(channel, gap.Position, gap.From, gap.To, gap.Reason);

    public override byte[] Encode(Message message) => Frame.Text(Json(message));

    /// <summary>The object itself, good until this thread writes the next one.</summary>
    public static ReadOnlySpan<byte> Json(Message message)
    {
        if (message.Kind is MessageKind.Removed or MessageKind.Erasure)
        {
            var removed = JsonFrame.Begin("removed");
            removed.Writer.WriteString("channel"u8, message.Channel);
            removed.Writer.WriteNumber("offset"u8, message.Offset);
            return removed.EndJson();
        }

        if (message.Kind == MessageKind.Occupancy)
        {
            var occupancy = JsonFrame.Begin("occupancy");
            occupancy.Writer.WriteString("channel"u8, message.Channel);
            occupancy.Raw("subscribers"u8, message.Data.Bytes.Span);
            return occupancy.EndJson();
        }

        if (message.State is { } state)
        {
            var part = JsonFrame.Begin("state");
            part.Writer.WriteString("channel"u8, message.Channel);
            HistoryJson.WriteMessages(part, "entries"u8, state.Entries);
            part.Writer.WriteBoolean("more"u8, state.More);
            return part.EndJson();
        }

        if (message.Kind is MessageKind.Join or MessageKind.Leave or MessageKind.Update)
        {
            var member = JsonFrame.Begin(message.Kind switch { MessageKind.Join => "join", MessageKind.Leave => "leave", _ => "update" });
            member.Writer.WriteString("channel"u8, message.Channel);
            member.Raw("member"u8, message.Data.Bytes.Span);
            return member.EndJson();
        }

        var frame = JsonFrame.Begin("message");
        frame.Writer.WriteString("channel"u8, message.Channel);
        WriteFields(frame, message);
        return frame.EndJson();
    }

    /// <summary>What a message has besides its channel, as <c>history</c> lists it.</summary>
    public static void WriteFields(JsonFrame frame, Message message, bool withoutData = false)
    {
        var writer = frame.Writer;
        if (message.Offset > 0)
        {
            writer.WriteNumber("offset"u8, message.Offset);
        }

        if (message.Kind == MessageKind.Removed)
        {
            writer.WriteBoolean("removed"u8, true);
            return;
        }

        if (message.Event is { } name)
        {
            writer.WriteString("event"u8, name);
        }

        if (message.Kind == MessageKind.KeyRemoval)
        {
            writer.WriteBoolean("remove"u8, true);
        }
        else if (!withoutData)
        {
            message.Data.WriteTo(frame);
        }

        if (message.From is { } from)
        {
            writer.WriteString("from"u8, from);
        }

        if (message.Connection is { } connection)
        {
            writer.WriteString("connection"u8, connection);
        }

        if (message.Key is { } key)
        {
            writer.WriteString("key"u8, key);
        }

        writer.WriteNumber("time"u8, message.Time);
    }

    private static byte[] Subscribed(ReadOnlyMemory<byte> id, Outcome.Subscribed subscribed)
    {
        var reply = Reply.Subscribed(id, subscribed.Channel, subscribed.Start, subscribed.Recovered);
        if (subscribed.Members is { } members)
        {
            PresenceJson.WriteList(reply.Writer, members);
        }

        Reply.WriteExpires(reply, subscribed.Expires);
        return reply.End();
    }

    private static byte[] Presence(ReadOnlyMemory<byte> id, Outcome.Presence presence)
    {
        var frame = JsonFrame.Begin("presence", id);
        frame.Writer.WriteString("channel"u8, presence.Channel);
        PresenceJson.WriteMembers(frame.Writer, presence.List);
        return frame.End();
    }

    private static byte[] Expiring(long seconds)
    {
        var frame = JsonFrame.Begin("token_expiring");
        frame.Writer.WriteNumber("in"u8, seconds);
        return frame.End();
    }

    private static byte[] Connected(Notice.Connected connected)
    {
        var frame = JsonFrame.Begin("connected");
        var writer = frame.Writer;
        writer.WriteString("connection"u8, connected.Id);
        writer.WriteString("user"u8, connected.User);
        writer.WriteNumber("pingInterval"u8, (long)connected.PingInterval.TotalMilliseconds);
        writer.WriteString("server"u8, connected.Server.Name);
        writer.WriteString("version"u8, connected.Server.Version);
        writer.WriteStartArray("subscriptions"u8);
        foreach (var subscribed in connected.Subscriptions)
        {
            writer.WriteStartObject();
            writer.WriteString("channel"u8, subscribed.Channel);
            writer.WriteString("epoch"u8, subscribed.Start.Epoch);
            writer.WriteNumber("offset"u8, subscribed.Start.Offset);
            Reply.WriteExpires(frame, subscribed.Expires);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        return frame.End();
    }
}

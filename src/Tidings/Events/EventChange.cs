using Tidings.Messages;
using Tidings.Options;
using Tidings.Protocol.Replies;

namespace Tidings.Events;

/// <summary>What a change means for what a node holds.</summary>
public enum EventChangeKind : byte
{
    /// <summary>It is told, and nothing else.</summary>
    Tell,

    /// <summary>From now on the node holds <see cref="EventChange.Key"/>: told where no node did.</summary>
    Hold,

    /// <summary>The node holds it no more: told where none does then.</summary>
    Release,
}

/// <summary>Something that happened on this node. It becomes bytes when it is stored, not where it happens. Immutable.</summary>
public sealed class EventChange
{
    /// <summary>What it means for what the node holds.</summary>
    public required EventChangeKind Kind { get; init; }

    /// <summary>What is held, the same on all nodes; empty where nothing is.</summary>
    public string Key { get; init; } = "";

    /// <summary>The event, as far as it is the same for its beginning and its end.</summary>
    internal EventSubject Subject { get; init; } = null!;

    internal EventType Type { get; init; }

    /// <summary>Who is told, a bit for each receiver; 0 where nobody is.</summary>
    public ulong Receivers { get; init; }

    /// <summary>What is told in the place of this node, should it end before it has told it itself; None where nothing is.</summary>
    internal EventType WillType { get; init; }

    /// <summary>Who is told that, a bit for each receiver.</summary>
    public ulong WillReceivers { get; init; }

    /// <summary>Its number on this node, from which ids are made.</summary>
    internal long Number { get; init; }

    internal long Time { get; init; }

    /// <summary>Of a connection that was closed: its close code, and why.</summary>
    internal int Code { get; init; }

    internal string? Reason { get; init; }

    internal Message? Message { get; init; }

    /// <summary>The whole event.</summary>
    /// <param name="node">The node's name.</param>
    public byte[] ToJson(string node)
    {
        var frame = Begin(Id(node), Type);
        WriteData(frame);
        frame.Writer.WriteNumber("time"u8, Time);
        return frame.EndJson().ToArray();
    }

    /// <summary>The event that ends what this one begins, up to its time: what is told is these bytes, <c>,"time":</c>, Unix milliseconds and <c>}</c>. Only where <see cref="WillReceivers"/> are there.</summary>
    /// <param name="node">The node's name.</param>
    public byte[] ToWill(string node)
    {
        var frame = Begin($"{node}-{Number}-end", WillType);
        if (WillType == EventType.ConnectionClosed)
        {
            WriteClose(frame, 1006, "Node lost");
        }

        return frame.EndJson()[..^1].ToArray();
    }

    /// <summary>The event of a message that has no place yet: members of its object up to the end of <c>data</c>, which is left open for <c>epoch</c> and <c>offset</c>. The id comes before them, the
    /// time after.</summary>
    internal static byte[] ToUnplacedJson(Message message)
    {
        var frame = JsonFrame.Begin();
        WriteHead(frame, EventType.MessagePublished, EventSubject.Of(message));
        WriteMessage(frame, message);
        return frame.EndJson()[1..^2].ToArray();
    }

    // Of a message by its place in the log: a repeat of the publish is the same event.
    private string Id(string node) => Message is { Offset: > 0 } message ? EventIds.OfMessage(message.Channel, message.Position) : $"{node}-{Number}";

    private JsonFrame Begin(string id, EventType type)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("id"u8, id);
        WriteHead(frame, type, Subject);
        return frame;
    }

    private static void WriteHead(JsonFrame frame, EventType type, EventSubject subject)
    {
        frame.Writer.WriteString("type"u8, EventNames.Of(type));
        Write(frame, "channel"u8, subject.Channel);
        Write(frame, "user"u8, subject.User);
        Write(frame, "connection"u8, subject.Connection);
    }

    private void WriteData(JsonFrame frame)
    {
        switch (Type)
        {
            case EventType.ConnectionOpened:
                frame.Writer.WriteStartObject("data"u8);
                Write(frame, "transport"u8, Subject.Transport);
                Write(frame, "client"u8, Subject.Client);
                frame.Writer.WriteEndObject();
                break;
            case EventType.ConnectionClosed:
                WriteClose(frame, Code, Reason!);
                break;
            case EventType.MemberJoined or EventType.MemberUpdated when !Subject.Info.IsEmpty:
                frame.Writer.WriteStartObject("data"u8);
                frame.Raw("info"u8, Subject.Info.Span);
                frame.Writer.WriteEndObject();
                break;
            case EventType.MessagePublished:
                WriteMessage(frame, Message!);
                break;
        }
    }

    private static void WriteMessage(JsonFrame frame, Message message)
    {
        frame.Writer.WriteStartObject("data"u8);
        if (message.Offset > 0)
        {
            frame.Writer.WriteString("epoch"u8, message.Epoch);
            frame.Writer.WriteNumber("offset"u8, message.Offset);
        }

        Write(frame, "event"u8, message.Event);
        Write(frame, "key"u8, message.Key);
        if (message.Kind == MessageKind.KeyRemoval)
        {
            frame.Writer.WriteBoolean("remove"u8, true);
        }
        else
        {
            message.Data.WriteTo(frame);
        }

        frame.Writer.WriteEndObject();
    }

    private static void WriteClose(JsonFrame frame, int code, string reason)
    {
        frame.Writer.WriteStartObject("data"u8);
        frame.Writer.WriteNumber("code"u8, code);
        frame.Writer.WriteString("reason"u8, reason);
        frame.Writer.WriteEndObject();
    }

    private static void Write(JsonFrame frame, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            frame.Writer.WriteString(name, value);
        }
    }
}

/// <summary>Whom or what an event is about.</summary>
internal sealed record EventSubject
{
    public string? Channel { get; init; }
    public string? User { get; init; }
    public string? Connection { get; init; }

    /// <summary>Of a connection: <c>websocket</c> or <c>sse</c>.</summary>
    public string? Transport { get; init; }

    /// <summary>Of a client by name: the name.</summary>
    public string? Client { get; init; }

    /// <summary>Of a member: JSON that presence shows; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Info { get; init; }

    /// <summary>A message's: where it was said, and by whom.</summary>
    public static EventSubject Of(Message message) => new() { Channel = message.Channel, User = message.From, Connection = message.Connection };
}

using Tidings.Channels;
using Tidings.Messages;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;

namespace Tidings.Dialects;

/// <summary>The channel protocol over WebSocket: one JSON object in one text frame.</summary>
internal sealed class ConnectDialect() : Dialect(PlainIndex)
{
    public const int PlainIndex = 2;
    public const int DeflateIndex = 3;

    public override byte[] Encode(Message message) => Frame.Text(Json(message));

    /// <summary>The object itself, good until this thread writes the next one.</summary>
    public static ReadOnlySpan<byte> Json(Message message)
    {
        if (message.Kind != MessageKind.Message)
        {
            var member = JsonFrame.Begin(message.Kind == MessageKind.Join ? "join" : "leave");
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
    public static void WriteFields(JsonFrame frame, Message message)
    {
        var writer = frame.Writer;
        if (message.Offset > 0)
        {
            writer.WriteNumber("offset"u8, message.Offset);
        }

        if (message.Event is { } name)
        {
            writer.WriteString("event"u8, name);
        }

        if (message.Data.Kind == DataKind.Json)
        {
            frame.Raw("data"u8, message.Data.Bytes.Span);
        }
        else
        {
            writer.WriteString("data"u8, message.Data.Bytes.Span);
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
}

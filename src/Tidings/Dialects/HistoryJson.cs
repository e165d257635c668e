using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol.Replies;

namespace Tidings.Dialects;

/// <summary>A part of a log on the wire.</summary>
internal static class HistoryJson
{
    /// <param name="id">The command's id.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="wanted">What was asked for.</param>
    /// <param name="part">What there is.</param>
    public static byte[] Frame(ReadOnlyMemory<byte> id, string channel, HistoryRequest wanted, HistoryPart part)
    {
        var frame = JsonFrame.Begin("history", id);
        frame.Writer.WriteString("channel"u8, channel);
        WriteFields(frame, wanted, part);
        return frame.End();
    }

    /// <summary>Adds <c>recovered</c> where a position was asked for, <c>epoch</c>, <c>offset</c> (of the newest message there is) and <c>messages</c>.</summary>
    public static void WriteFields(JsonFrame frame, HistoryRequest wanted, HistoryPart part)
    {
        if (wanted.Since is not null || wanted.Before is not null)
        {
            frame.Writer.WriteBoolean("recovered"u8, part.Recovered);
        }

        frame.Writer.WriteString("epoch"u8, part.Top.Epoch);
        frame.Writer.WriteNumber("offset"u8, part.Top.Offset);
        WriteMessages(frame, "messages"u8, part.Messages);
    }

    /// <summary>Adds messages without their channel.</summary>
    public static void WriteMessages(JsonFrame frame, ReadOnlySpan<byte> name, IReadOnlyList<Message> messages)
    {
        frame.Writer.WriteStartArray(name);
        foreach (var message in messages)
        {
            frame.Writer.WriteStartObject();
            ConnectDialect.WriteFields(frame, message);
            frame.Writer.WriteEndObject();
        }

        frame.Writer.WriteEndArray();
    }
}

using Tidings.Brokers;
using Tidings.Dialects;
using Tidings.Messages;
using Tidings.Protocol.Replies;

namespace Tidings.Sessions;

/// <summary>A part of a log on the wire.</summary>
internal static class HistoryReply
{
    // What a message has on the wire besides its data, about.
    private const int Overhead = 128;

    /// <param name="id">The command's id.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="wanted">What was asked for.</param>
    /// <param name="part">What there is.</param>
    /// <param name="mostBytes">How large the answer may be, about; one message always fits. After a position the first are told, otherwise the last.</param>
    public static byte[] Frame(ReadOnlyMemory<byte> id, string channel, HistoryRequest wanted, HistoryPart part, int mostBytes)
    {
        part = part with { Messages = Bounded(part.Messages, mostBytes, newest: wanted.Since is null) };
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
        frame.Writer.WriteStartArray("messages"u8);
        foreach (var message in part.Messages)
        {
            frame.Writer.WriteStartObject();
            ConnectDialect.WriteFields(frame, message);
            frame.Writer.WriteEndObject();
        }

        frame.Writer.WriteEndArray();
    }

    private static IReadOnlyList<Message> Bounded(IReadOnlyList<Message> messages, int mostBytes, bool newest)
    {
        var count = 0;
        for (var left = (long)mostBytes; count < messages.Count; count++)
        {
            left -= messages[newest ? messages.Count - 1 - count : count].Data.Bytes.Length + Overhead;
            if (left < 0 && count > 0)
            {
                break;
            }
        }

        return count == messages.Count ? messages : [.. newest ? messages.Skip(messages.Count - count) : messages.Take(count)];
    }
}

using Tidings.Protocol.Commands;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;

namespace Tidings.Resources.Feed;

/// <summary>Frames of feeds.</summary>
internal static class FeedFrames
{
    /// <summary>An event with its place in the log, so that one can go on after it.</summary>
    public static byte[] Event(ReadOnlySpan<byte> json, long offset)
    {
        Span<byte> tail = stackalloc byte[32];
        ",\"offset\":"u8.CopyTo(tail);
        System.Buffers.Text.Utf8Formatter.TryFormat(offset, tail[10..], out var digits);
        tail[10 + digits] = (byte)'}';
        return Frame.Text([.. json[..^1], .. tail[..(11 + digits)]]);
    }

    /// <summary>What is wrong with a command.</summary>
    public static byte[] Unfit(FieldFault fault)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("error"u8, "Invalid message format"u8);
        frame.Writer.WriteStartArray("details"u8);
        frame.Writer.WriteStartObject();
        frame.Writer.WriteString("field"u8, fault.Field);
        frame.Writer.WriteString("message"u8, fault.Message);
        frame.Writer.WriteEndObject();
        frame.Writer.WriteEndArray();
        return frame.End();
    }
}

using System.Text;
using System.Text.Json;
using Tidings.Channels;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Rooms;

namespace Tidings.Dialects;

/// <summary>Plain text rooms: <c>[room] text</c>, escaped for HTML. A JSON string is shown as its text, other JSON as its JSON text, a binary payload not at all.</summary>
internal sealed class RoomDialect(MessageDeflater? deflater = null) : Dialect(deflater)
{
    // Who reads a text has no place to take it from.
    public override byte[] Encode(Message message) => message is { Kind: MessageKind.Message, Data.Kind: not DataKind.Binary } ? Text(message) : [];

    private static byte[] Text(Message message)
    {
        var text = TextOf(message.Data).Span;
        var room = message.Channel.AsSpan(ChannelName.RoomPrefix.Length);
        var roomLength = Encoding.UTF8.GetByteCount(room);
        var payload = 1 + roomLength + 2 + HtmlEscape.EscapedLength(text);
        var header = Frame.HeaderLength(payload);
        var frame = GC.AllocateUninitializedArray<byte>(header + payload);
        Frame.WriteHeader(frame, Opcode.Text, payload);
        var rest = frame.AsSpan(header);
        rest[0] = (byte)'[';
        Encoding.UTF8.GetBytes(room, rest[1..]);
        "] "u8.CopyTo(rest[(1 + roomLength)..]);
        HtmlEscape.Write(text, rest[(1 + roomLength + 2)..]);
        return frame;
    }

    private static ReadOnlyMemory<byte> TextOf(MessageData data)
    {
        if (data.Kind == DataKind.Text || data.Bytes.Span[0] != (byte)'"')
        {
            return data.Bytes;
        }

        var reader = new Utf8JsonReader(data.Bytes.Span);
        reader.Read();
        try
        {
            return Encoding.UTF8.GetBytes(reader.GetString()!);
        }
        catch (InvalidOperationException)
        {
            // An escape such as \ud800 names no character: what has no text is shown as it was written.
            return data.Bytes;
        }
    }
}

using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Unicode;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Brokers;

/// <summary>
/// Messages as they stand in Redis and in files. Payload: a line of JSON with what is known besides the data (<c>from</c>, <c>connection</c>, <c>key</c>, <c>name</c> of its
/// event, <c>text</c> and <c>binary</c> where the data is no JSON, <c>event</c> in presence, <c>except</c> for users and connections, <c>skip</c> for connections, <c>hidden</c>, <c>trace</c>,
/// <c>removed</c> where it was erased, <c>remove</c> where a key was taken out of the state, each only where
/// there is one), then the data. In pub/sub a line precedes it: <c>1 epoch offset time</c>; <c>1 - 0 time</c> where it is said in passing.
/// </summary>
/// <remarks>What is read was written by somebody who may write in Redis, and may be anything: what does not hold is refused, whatever is in it.</remarks>
internal static partial class LogEntry
{
    /// <summary>The largest payload that is taken: the hard limit of what clients may send, and what goes with it.</summary>
    public const int LargestPayload = (16 << 20) + (64 << 10);

    /// <summary>The payload of a message that was erased.</summary>
    public static readonly byte[] Removed = [.. "{\"removed\":true}\nnull"u8];

    /// <summary>The payload that tells of a log that was erased, with its new epoch and offset 0.</summary>
    public static readonly byte[] Cleared = [.. "{\"cleared\":true}\nnull"u8];

    private const int LongestHead = 128;

    public static byte[] Encode(Publication publication) => [.. EncodeLine(publication), .. DataOf(publication)];

    /// <summary>What stands after the line.</summary>
    public static ReadOnlySpan<byte> DataOf(Publication publication) => publication.Kind == MessageKind.KeyRemoval ? "null"u8 : publication.Data.Bytes.Span;

    /// <summary>The line before the data, with its end.</summary>
    public static ReadOnlySpan<byte> EncodeLine(Publication publication)
    {
        if (publication is { From: null, Key: null, Event: null, Connection: null, Kind: MessageKind.Message, Data.Kind: DataKind.Json, Except: null, Hidden: null, TraceParent: null })
        {
            return "{}\n"u8;
        }

        var line = new ArrayBufferWriter<byte>(64);
        using (var writer = new Utf8JsonWriter(line))
        {
            writer.WriteStartObject();
            WriteUnlessNull(writer, "from"u8, publication.From);
            WriteUnlessNull(writer, "connection"u8, publication.Connection);
            WriteUnlessNull(writer, "key"u8, publication.Key);
            WriteUnlessNull(writer, "name"u8, publication.Event);
            WriteUnlessNull(writer, "event"u8, publication.Kind switch { MessageKind.Join => "join", MessageKind.Leave => "leave", MessageKind.Update => "update", _ => null });
            WriteUnlessNull(writer, "trace"u8, publication.TraceParent);
            if (publication.Hidden is { } hidden)
            {
                writer.WriteBase64String("hidden"u8, hidden.Span);
            }

            if (publication.Kind == MessageKind.KeyRemoval)
            {
                writer.WriteBoolean("remove"u8, true);
            }

            if (publication.Data.Kind != DataKind.Json)
            {
                writer.WriteBoolean(publication.Data.Kind == DataKind.Text ? "text"u8 : "binary"u8, true);
            }

            if (publication.Except is { } except)
            {
                writer.WriteStartArray(except.HasUsers ? "except"u8 : "skip"u8);
                foreach (var name in except.Names)
                {
                    writer.WriteStringValue(name);
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenSpan;
    }

    /// <summary>What is published of something said in passing.</summary>
    public static byte[] EncodeEphemeral(Publication publication, long time) =>
        [.. System.Text.Encoding.ASCII.GetBytes(string.Create(null, $"1 - 0 {time}\n")), .. Encode(publication)];

    /// <summary>Reads what came from pub/sub.</summary>
    /// <returns>Null where it is not what a node or one of the documented scripts writes.</returns>
    public static Message? DecodePublished(string channel, byte[] published)
    {
        var head = published.AsSpan(0, Math.Min(published.Length, LongestHead));
        var end = head.IndexOf((byte)'\n');
        if (end < 0 || !head.StartsWith("1 "u8))
        {
            return null;
        }

        head = head[2..end];
        var space = head.IndexOf((byte)' ');
        if (space is < 1 or > StreamPosition.LongestEpoch || !IsEpoch(head[..space]))
        {
            return null;
        }

        var numbers = head[(space + 1)..];
        if (!Utf8Parser.TryParse(numbers, out long offset, out var used) || used >= numbers.Length || numbers[used] != ' '
            || !Utf8Parser.TryParse(numbers[(used + 1)..], out long time, out var last) || used + 1 + last != numbers.Length)
        {
            return null;
        }

        var inPassing = head[..space].SequenceEqual("-"u8);
        var position = inPassing ? default : new StreamPosition(System.Text.Encoding.ASCII.GetString(head[..space]), offset);
        if (!inPassing && offset == 0)
        {
            return published.AsSpan(end + 1).SequenceEqual(Cleared) ? Message.Cleared(channel, position.Epoch) : null;
        }

        var message = inPassing == (offset == 0) ? Decode(channel, position, time, published.AsMemory(end + 1)) : null;
        return message is { Kind: MessageKind.Removed } ? Message.Erased(MessageKind.Erasure, channel, position) : message;
    }

    /// <summary>Reads what somebody published who knows nothing of us: JSON, or text.</summary>
    /// <returns>Null where it is neither.</returns>
    public static Message? DecodePlain(string channel, byte[] published, long time) =>
        published.Length > LargestPayload || !Utf8.IsValid(published) ? null : new Message
        {
            Channel = channel,
            Position = default,
            Time = time,
            Data = JsonPayload.IsOneLine(published) ? new MessageData(DataKind.Json, published) : new MessageData(DataKind.Text, published),
        };

    /// <summary>Reads an entry of a log.</summary>
    /// <returns>Null where it is not what a node or one of the documented scripts writes.</returns>
    public static Message? Decode(string channel, StreamPosition position, long time, ReadOnlyMemory<byte> payload)
    {
        var end = payload.Length > LargestPayload ? -1 : payload.Span.IndexOf((byte)'\n');
        if (end < 0 || position.Offset is < 0 or > StreamPosition.LargestOffset || time is < 0 or > StreamPosition.LargestOffset
            || !TryReadLine(payload.Span[..end], out var line))
        {
            return null;
        }

        var data = payload[(end + 1)..];
        if (line.Kind == MessageKind.Removed)
        {
            return Message.Erased(MessageKind.Removed, channel, position);
        }

        if (line is { Kind: MessageKind.KeyRemoval, Key: null })
        {
            return null;
        }

        // Only what somebody says may be anything but JSON.
        var isSound = line.Data == DataKind.Json ? JsonPayload.IsOneLine(data.Span)
            : line.Kind == MessageKind.Message && (line.Data == DataKind.Binary || Utf8.IsValid(data.Span));
        if (!isSound)
        {
            return null;
        }

        return new Message
        {
            Kind = line.Kind,
            Channel = line.Kind is MessageKind.Join or MessageKind.Leave or MessageKind.Update ? PresenceChannel.ChannelOf(channel) : channel,
            Position = position,
            Time = time,
            Data = line.Kind == MessageKind.KeyRemoval ? default : new MessageData(line.Data, data),
            From = line.From,
            Connection = line.Connection,
            Key = line.Key,
            Event = line.Name,
            Except = line.Except,
            Hidden = line.Hidden,
            TraceParent = line.Trace,
        };
    }

    /// <summary>Reads an entry of a state: <c>offset time</c>, a line break and the payload.</summary>
    /// <returns>Null where it is not what a node writes.</returns>
    public static Message? DecodeState(string channel, string epoch, byte[] entry)
    {
        var end = entry.AsSpan(0, Math.Min(entry.Length, LongestHead)).IndexOf((byte)'\n');
        var head = entry.AsSpan(0, Math.Max(0, end));
        return Utf8Parser.TryParse(head, out long offset, out var used) && used < head.Length && head[used] == ' '
            && Utf8Parser.TryParse(head[(used + 1)..], out long time, out var last) && used + 1 + last == head.Length
            && Decode(channel, new StreamPosition(epoch, offset), time, entry.AsMemory(end + 1)) is { Kind: MessageKind.Message } message ? message : null;
    }

    /// <summary>Whether all of it is what an epoch consists of: letters, digits, <c>-</c> and <c>_</c>.</summary>
    public static bool IsEpoch(ReadOnlySpan<byte> text)
    {
        foreach (var b in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'-' or (byte)'_'))
            {
                return false;
            }
        }

        return true;
    }

    private static void WriteUnlessNull(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }
}

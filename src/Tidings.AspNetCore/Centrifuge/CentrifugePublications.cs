using System.Text.Json;
using Tidings.Messages;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>How the data of a publication stands in JSON.</summary>
internal enum PublicationForm : byte
{
    /// <summary>As JSON: a binary payload as an object that names it.</summary>
    Json,

    /// <summary>The same, but for a binary payload: as base64 under <see cref="CentrifugePublications.Bytes"/>, from which Protobuf makes the bytes.</summary>
    Bytes,

    /// <summary>As a text that is JSON.</summary>
    Text,
}

/// <summary>Messages of channels in JSON.</summary>
internal static class CentrifugePublications
{
    /// <summary>The name of a binary payload in base64: for Protobuf, and from it.</summary>
    public const string Bytes = "b64data";

    /// <summary>A publication under <paramref name="name"/>; without one, as an item of a list.</summary>
    /// <param name="frame">Where to write.</param>
    /// <param name="message">The message.</param>
    /// <param name="name">The field, or nothing.</param>
    /// <param name="form">How its data stands there.</param>
    /// <param name="text">What is said in the place of its data, where that is a text; else nothing.</param>
    /// <param name="isChange">Whether that is what changed since the message before.</param>
    private static void Write(JsonFrame frame, Message message, ReadOnlySpan<byte> name, PublicationForm form, ReadOnlySpan<byte> text = default, bool isChange = false)
    {
        var writer = frame.Writer;
        if (name.IsEmpty)
        {
            writer.WriteStartObject();
        }
        else
        {
            writer.WriteStartObject(name);
        }

        if (!text.IsEmpty)
        {
            writer.WriteString("data"u8, text);
            if (isChange)
            {
                writer.WriteBoolean("delta"u8, true);
            }
        }
        else if (message.Data.Kind == DataKind.Text)
        {
            writer.WriteString("data"u8, message.Data.Bytes.Span);
        }
        else if (message.Data.Kind == DataKind.Binary && form == PublicationForm.Bytes)
        {
            writer.WriteBase64String(Bytes, message.Data.Bytes.Span);
        }
        else
        {
            frame.Raw("data"u8, message.Data.ToNamedJson().Span);
        }

        if (message.Offset > 0)
        {
            writer.WriteNumber("offset"u8, message.Offset);
        }

        if (message.From is not null || message.Connection is not null)
        {
            writer.WriteStartObject("info"u8);
            writer.WriteString("user"u8, message.From ?? "");
            writer.WriteString("client"u8, message.Connection ?? "");
            writer.WriteEndObject();
        }

        if (message.Event is not null || message.Key is not null)
        {
            writer.WriteStartObject("tags"u8);
            WriteTag(writer, "event"u8, message.Event);
            WriteTag(writer, "key"u8, message.Key);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    /// <summary>A publication; with <paramref name="text"/> as one whose data is a text, which may be a change.</summary>
    public static byte[] Push(Message message, PublicationForm form, ReadOnlySpan<byte> text = default, bool isChange = false)
    {
        var frame = CentrifugeJson.BeginPush(message.Channel);
        Write(frame, message, "pub"u8, form, text, isChange);
        frame.Writer.WriteEndObject();
        return frame.End();
    }

    /// <summary>Messages of a log as <c>publications</c>. What was erased has no place among them.</summary>
    public static void WriteAll(JsonFrame frame, IEnumerable<Message> messages, PublicationForm form)
    {
        frame.Writer.WriteStartArray("publications"u8);
        foreach (var message in messages)
        {
            if (message.Kind == MessageKind.Message)
            {
                Write(frame, message, default, form, form == PublicationForm.Text ? CentrifugeDeltas.TextOf(message) : default);
            }
        }

        frame.Writer.WriteEndArray();
    }

    private static void WriteTag(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }
}

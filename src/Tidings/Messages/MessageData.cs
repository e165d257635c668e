using Tidings.Protocol.Replies;

namespace Tidings.Messages;

/// <summary>How the bytes of a message's data are to be read.</summary>
public enum DataKind : byte
{
    /// <summary>JSON, as it was accepted.</summary>
    Json,

    /// <summary>UTF-8 text: the JSON string of this text, not yet written as such.</summary>
    Text,

    /// <summary>Any bytes, which are no JSON even where they look like it.</summary>
    Binary,
}

/// <summary>What was said. The bytes are never changed once they are here.</summary>
/// <param name="Kind">How the bytes are to be read.</param>
/// <param name="Bytes">The bytes.</param>
public readonly record struct MessageData(DataKind Kind, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The JSON string of a text.</summary>
    /// <param name="utf8">The text, of which a copy is made.</param>
    public static MessageData Text(ReadOnlySpan<byte> utf8) => new(DataKind.Text, utf8.ToArray());

    /// <summary>The JSON string of a text.</summary>
    /// <param name="text">The text.</param>
    public static MessageData Text(string text) => new(DataKind.Text, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>How many bytes it has in JSON, about.</summary>
    public int Length => Kind == DataKind.Binary ? (int)Math.Min((Bytes.Length + 2L) / 3 * 4, int.MaxValue) : Bytes.Length;

    /// <summary>The data as JSON: a binary payload as the string of its base64.</summary>
    public ReadOnlyMemory<byte> ToJson()
    {
        if (Kind == DataKind.Json)
        {
            return Bytes;
        }

        using var buffer = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(buffer, JsonFrame.Options))
        {
            if (Kind == DataKind.Binary)
            {
                writer.WriteBase64StringValue(Bytes.Span);
            }
            else
            {
                writer.WriteStringValue(Bytes.Span);
            }
        }

        return buffer.ToArray();
    }

    /// <summary>The data as JSON for protocols that have but one place for it, and no name for bytes: <c>{"data64": …}</c> of a binary payload.</summary>
    internal ReadOnlyMemory<byte> ToNamedJson()
    {
        if (Kind != DataKind.Binary)
        {
            return ToJson();
        }

        using var buffer = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(buffer, JsonFrame.Options))
        {
            writer.WriteStartObject();
            writer.WriteBase64String("data64"u8, Bytes.Span);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>Adds <c>data</c>, or <c>data64</c> of a binary payload.</summary>
    internal void WriteTo(JsonFrame frame)
    {
        switch (Kind)
        {
            case DataKind.Json:
                frame.Raw("data"u8, Bytes.Span);
                break;
            case DataKind.Text:
                frame.Writer.WriteString("data"u8, Bytes.Span);
                break;
            default:
                frame.Writer.WriteBase64String("data64"u8, Bytes.Span);
                break;
        }
    }
}

namespace Tidings.Messages;

/// <summary>How the bytes of a message's data are to be read.</summary>
internal enum DataKind : byte
{
    /// <summary>JSON, as it was accepted.</summary>
    Json,

    /// <summary>UTF-8 text: the JSON string of this text, not yet written as such.</summary>
    Text,
}

/// <summary>What was said. The bytes are never changed once they are here.</summary>
internal readonly record struct MessageData(DataKind Kind, ReadOnlyMemory<byte> Bytes)
{
    public static MessageData Text(ReadOnlySpan<byte> utf8) => new(DataKind.Text, utf8.ToArray());

    /// <summary>The data as JSON.</summary>
    public ReadOnlyMemory<byte> ToJson()
    {
        if (Kind == DataKind.Json)
        {
            return Bytes;
        }

        using var buffer = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(buffer, Protocol.Replies.JsonFrame.Options))
        {
            writer.WriteStringValue(Bytes.Span);
        }

        return buffer.ToArray();
    }

    public static MessageData Text(string text) => new(DataKind.Text, System.Text.Encoding.UTF8.GetBytes(text));
}

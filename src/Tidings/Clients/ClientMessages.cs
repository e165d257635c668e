using System.Text.Encodings.Web;
using System.Text.Json;
using Tidings.Protocol.Frames;

namespace Tidings.Clients;

/// <summary>What a client asks for.</summary>
internal enum ClientCommandKind : byte
{
    Broadcast,
    Personal,

    /// <summary>It is not JSON.</summary>
    NotJson,

    /// <summary>It is JSON that does not fit; the command says in which member.</summary>
    Unfit,
}

/// <summary>A command of the route of clients by name (design: clients by name). The spans lie in the text it was read from.</summary>
internal readonly ref struct ClientCommand
{
    public ClientCommandKind Kind { get; init; }

    /// <summary>The message as JSON, as it came.</summary>
    public ReadOnlySpan<byte> Message { get; init; }

    /// <summary>To whom it is personal.</summary>
    public string? To { get; init; }

    /// <summary>Which member does not fit, and what would.</summary>
    public (string Field, string Message) Fault { get; init; }
}

/// <summary>Reads what clients send to one another, and writes what they get.</summary>
internal static class ClientMessages
{
    private static readonly byte[] InvalidJson = Frame.Text("""{"error":"Invalid JSON format"}"""u8);

    /// <summary>The answer to a personal message for nobody.</summary>
    public static byte[] NotFound { get; } = Frame.Text("""{"error":"Client not found"}"""u8);

    /// <summary>The answer where the other nodes cannot be reached.</summary>
    public static byte[] Unavailable { get; } = Frame.Text("""{"error":"Service unavailable"}"""u8);

    /// <summary>A text as a JSON string, its letters as they are.</summary>
    public static byte[] Quote(string text) =>
        [(byte)'"', .. JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];

    /// <summary>What receivers get, as JSON.</summary>
    /// <param name="from">The sender's name as <see cref="Quote"/> writes it.</param>
    /// <param name="message">JSON.</param>
    public static byte[] From(ReadOnlySpan<byte> from, ReadOnlySpan<byte> message) =>
        [.. """{"from":"""u8, .. from, .. ""","message":"""u8, .. message, .. "}"u8];

    /// <summary>The answer to a command that can't be followed.</summary>
    public static byte[] Answer(in ClientCommand command) => command.Kind == ClientCommandKind.NotJson
        ? InvalidJson
        : Frame.Text([
            .. """{"error":"Invalid message format","details":[{"field":"""u8, .. Quote(command.Fault.Field),
            .. ""","message":"""u8, .. Quote(command.Fault.Message), .. "}]}"u8]);

    public static ClientCommand Read(ReadOnlySpan<byte> text)
    {
        try
        {
            return ReadMembers(text);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The other is half of a surrogate pair, which no string of ours can hold.
            return new ClientCommand { Kind = ClientCommandKind.NotJson };
        }
    }

    private static ClientCommand ReadMembers(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            ReadToEnd(ref reader);
            return Unfit("", "An object is expected.");
        }

        string? type = null;
        string? to = null;
        ReadOnlySpan<byte> message = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                type = ReadString(ref reader);
            }
            else if (reader.ValueTextEquals("to"u8))
            {
                to = ReadString(ref reader);
            }
            else if (reader.ValueTextEquals("message"u8))
            {
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                message = text[start..(int)reader.BytesConsumed];
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        ReadToEnd(ref reader);
        return type switch
        {
            not ("broadcast" or "personal") => Unfit("type", "This is \"broadcast\" or \"personal\"."),
            _ when message.IsEmpty => Unfit("message", "This member is required."),
            "personal" when to is null => Unfit("to", "This is the name of a client."),
            "personal" => new ClientCommand { Kind = ClientCommandKind.Personal, To = to, Message = message },
            _ => new ClientCommand { Kind = ClientCommandKind.Broadcast, Message = message },
        };
    }

    // What follows the value is no JSON.
    private static void ReadToEnd(ref Utf8JsonReader reader)
    {
        while (reader.Read())
        {
        }
    }

    private static string? ReadString(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        reader.Skip();
        return null;
    }

    private static ClientCommand Unfit(string field, string message) => new() { Kind = ClientCommandKind.Unfit, Fault = (field, message) };
}

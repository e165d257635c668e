using System.Text;
using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.Extensions.AI.UIMessages;

/// <summary>What <c>useChat</c> sends, checked.</summary>
/// <param name="Chat">The chat's id.</param>
/// <param name="Conversation">Its messages, each as text.</param>
internal sealed record UIMessageRequest(string Chat, ChatTaskRequest Conversation)
{
    /// <returns>The request, or what is wrong with it.</returns>
    public static (UIMessageRequest? Request, string? Fault) Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("id"u8, out var id) || id.ValueKind != JsonValueKind.String || !TaskId.IsValid(id.GetString()!))
            {
                return (null, $"id must be {TaskId.Rule}.");
            }

            if (!root.TryGetProperty("messages"u8, out var messages) || messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
            {
                return (null, "messages must be an array with at least one message.");
            }

            List<ChatTaskMessage> conversation = [];
            foreach (var message in messages.EnumerateArray())
            {
                if (ReadMessage(message) is not { } read)
                {
                    return (null, "A message must have the role user or assistant, and parts of which those of the type text have a text.");
                }

                conversation.Add(read);
            }

            return (new UIMessageRequest(id.GetString()!, new ChatTaskRequest(conversation)), null);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // A text that is no Unicode is an InvalidOperationException.
            return (null, "The body is no JSON.");
        }
    }

    private static ChatTaskMessage? ReadMessage(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object || Text(message, "role"u8) is not ("user" or "assistant") || !message.TryGetProperty("parts"u8, out var parts) || parts.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var text = new StringBuilder();
        foreach (var part in parts.EnumerateArray())
        {
            if (part.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            if (Text(part, "type"u8) == "text")
            {
                if (Text(part, "text"u8) is not { } said)
                {
                    return null;
                }

                text.Append(said);
            }
        }

        return new ChatTaskMessage(Text(message, "role"u8)!, text.ToString());
    }

    private static string? Text(JsonElement json, ReadOnlySpan<byte> name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

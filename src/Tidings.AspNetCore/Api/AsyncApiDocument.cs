using System.Text.Json;
using Tidings.AspNetCore.Contract;
using Tidings.AspNetCore.Services;
using Tidings.Protocol.Catalog;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Api;

/// <summary>The channel protocol as an AsyncAPI 3.0 document, from the catalog of its messages.</summary>
internal static class AsyncApiDocument
{
    public static byte[] Write(string path, Edge tidings)
    {
        var own = ContractDocument.Of(tidings.Contract, tidings.HandlerJson);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, JsonFrame.Options with { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("asyncapi", "3.0.0");
            json.WriteStartObject("info");
            json.WriteString("title", "Tidings channel protocol");
            json.WriteString("version", tidings.Node.Server.Version);
            json.WriteEndObject();
            WriteChannels(json, path, own);
            WriteOperations(json, own);
            json.WriteStartObject("components");
            json.WriteStartObject("messages");
            foreach (var message in All)
            {
                WriteMessage(json, message);
            }

            json.WriteEndObject();
            json.WriteStartObject("schemas");
            foreach (var (name, schema) in own.Schemas)
            {
                json.WritePropertyName(name);
                schema.WriteTo(json);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.WritePropertyName(ContractDocument.Member);
            own.Tidings.WriteTo(json);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static IEnumerable<ProtocolMessage> All => ProtocolCatalog.Commands.Concat(ProtocolCatalog.Messages);

    // A ping is said by both sides, and is two messages.
    private static string KeyOf(ProtocolMessage message) => (message.Sender == MessageSender.Client ? "client." : "server.") + message.Type;

    private static void WriteChannels(Utf8JsonWriter json, string path, ContractDocument own)
    {
        json.WriteStartObject("channels");
        json.WriteStartObject("connect");
        json.WriteString("address", path);
        json.WriteString("description", "A WebSocket; each text frame is one JSON object. With Accept: text/event-stream, Server-Sent Events whose data are the same objects; with since or wait, a poll; commands also by POST.");
        json.WriteStartObject("messages");
        foreach (var message in All)
        {
            WriteReference(json, KeyOf(message), $"#/components/messages/{KeyOf(message)}");
        }

        json.WriteEndObject();
        json.WriteEndObject();
        ApplicationChannels.WriteChannels(json, own);
        json.WriteEndObject();
    }

    // As the application that serves: it receives commands and sends all else.
    private static void WriteOperations(Utf8JsonWriter json, ContractDocument own)
    {
        json.WriteStartObject("operations");
        foreach (var message in All)
        {
            var isCommand = message.Sender == MessageSender.Client;
            json.WriteStartObject((isCommand ? "receive." : "send.") + message.Type);
            json.WriteString("action", isCommand ? "receive" : "send");
            WriteReference(json, "channel", "#/channels/connect");
            json.WriteStartArray("messages");
            WriteReference(json, null, $"#/channels/connect/messages/{KeyOf(message)}");
            json.WriteEndArray();
            if (message.Replies.Length > 0)
            {
                json.WriteStartObject("reply");
                WriteReference(json, "channel", "#/channels/connect");
                json.WriteStartArray("messages");
                foreach (var reply in message.Replies.Append("error"))
                {
                    WriteReference(json, null, $"#/channels/connect/messages/server.{reply}");
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        ApplicationChannels.WriteOperations(json, own);
        json.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter json, ProtocolMessage message)
    {
        json.WriteStartObject(KeyOf(message));
        json.WriteString("name", message.Type);
        json.WriteString("summary", message.Summary);
        json.WriteString("contentType", "application/json");
        json.WriteStartObject("payload");
        json.WriteString("type", "object");
        json.WriteStartArray("required");
        json.WriteStringValue("type");
        foreach (var field in message.Fields.Where(static field => field.Required))
        {
            json.WriteStringValue(field.Name);
        }

        json.WriteEndArray();
        json.WriteStartObject("properties");
        json.WriteStartObject("type");
        json.WriteString("const", message.Type);
        json.WriteEndObject();
        foreach (var field in message.Fields)
        {
            WriteField(json, field);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter json, ProtocolField field)
    {
        json.WriteStartObject(field.Name);
        switch (field.Type)
        {
            case "any":
                break;
            case "id":
                json.WriteStartArray("type");
                json.WriteStringValue("number");
                json.WriteStringValue("string");
                json.WriteEndArray();
                break;
            case "position":
                json.WriteString("type", "object");
                json.WriteStartArray("required");
                json.WriteStringValue("epoch");
                json.WriteStringValue("offset");
                json.WriteEndArray();
                break;
            default:
                json.WriteString("type", field.Type);
                if (field.Least is { } least)
                {
                    json.WriteNumber("minimum", least);
                }

                break;
        }

        json.WriteString("description", field.Summary);
        json.WriteEndObject();
    }

    private static void WriteReference(Utf8JsonWriter json, string? name, string target)
    {
        if (name is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(name);
        }

        json.WriteString("$ref", target);
        json.WriteEndObject();
    }
}

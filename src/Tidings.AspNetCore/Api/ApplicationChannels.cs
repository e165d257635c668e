using System.Text.Json;
using System.Text.Json.Nodes;
using Tidings.AspNetCore.Contract;

namespace Tidings.AspNetCore.Api;

/// <summary>An application's channels as AsyncAPI has channels: the pattern is the address, the messages are the data in <c>message</c> and <c>publish</c> of <c>/connect</c>.</summary>
internal static class ApplicationChannels
{
    private static readonly string[] Names = ["message", "publish"];

    public static void WriteChannels(Utf8JsonWriter json, ContractDocument own)
    {
        foreach (var (key, channel) in All(own))
        {
            json.WriteStartObject(key);
            json.WriteString("address", channel["pattern"]!.GetValue<string>());
            json.WriteStartObject("messages");
            foreach (var name in Messages(channel))
            {
                json.WriteStartObject(name);
                json.WriteString("contentType", "application/json");
                json.WritePropertyName("payload");
                channel[name]!.WriteTo(json);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    public static void WriteOperations(Utf8JsonWriter json, ContractDocument own)
    {
        foreach (var (key, channel) in All(own))
        {
            foreach (var name in Messages(channel))
            {
                json.WriteStartObject($"{key}.{name}");
                json.WriteString("action", name == "message" ? "send" : "receive");
                json.WriteStartObject("channel");
                json.WriteString("$ref", $"#/channels/{key}");
                json.WriteEndObject();
                json.WriteStartArray("messages");
                json.WriteStartObject();
                json.WriteString("$ref", $"#/channels/{key}/messages/{name}");
                json.WriteEndObject();
                json.WriteEndArray();
                json.WriteEndObject();
            }
        }
    }

    // Patterns have characters that references cannot have.
    private static IEnumerable<(string Key, JsonNode Channel)> All(ContractDocument own) => own.Tidings["channels"]!.AsArray().Select(static (channel, i) => ($"channel{i + 1}", channel!));

    private static IEnumerable<string> Messages(JsonNode channel) => Names.Where(name => channel[name] is not null);
}

using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tidings.AspNetCore.Endpoints.Json;

/// <summary>What is wrong with one member of a message.</summary>
/// <param name="Field">Its path in the JSON, as <c>lines[0].text</c>; empty for the message as a whole.</param>
/// <param name="Message">What would be right.</param>
internal readonly record struct MessageFault(string Field, string Message);

/// <summary>The answers to messages that are not what was expected (design: connection rules).</summary>
internal static class MessageFaults
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The answer to what is not JSON.</summary>
    public static byte[] InvalidJson { get; } = """{"error":"Invalid JSON format"}"""u8.ToArray();

    /// <summary>The answer to JSON that does not fit.</summary>
    public static byte[] Answer(IEnumerable<MessageFault> faults)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Readable);
        json.WriteStartObject();
        json.WriteString("error"u8, "Invalid message format"u8);
        json.WriteStartArray("details"u8);
        foreach (var fault in faults)
        {
            json.WriteStartObject();
            json.WriteString("field"u8, fault.Field);
            json.WriteString("message"u8, fault.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}

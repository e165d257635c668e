using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Protocol.Frames;

namespace Tidings.AspNetCore.Endpoints;

/// <content>Values as JSON.</content>
internal sealed partial class EndpointSession
{
    // A writer that has once held more than this is not kept.
    private const int LargestKeptBuffer = 64 * 1024;

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? s_writer;

    public ValueTask SendJsonAsync<T>(T value, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        // Taken away while it is in use: a converter may send, too.
        var writer = s_writer ?? NewWriter(type.Options);
        s_writer = null;
        var (buffer, json) = writer;
        JsonSerializer.Serialize(json, value, type);
#pragma warning disable VSTHRD103 // Nothing blocks: it writes to memory.
        json.Flush();
#pragma warning restore VSTHRD103
        var sending = SendAsync(Opcode.Text, buffer.WrittenSpan, cancellationToken);
        if (buffer.Capacity <= LargestKeptBuffer)
        {
            buffer.ResetWrittenCount();
            json.Reset();
            s_writer = writer;
        }

        return sending;
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) NewWriter(JsonSerializerOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        return (buffer, new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = options.Encoder, Indented = options.WriteIndented, SkipValidation = true }));
    }
}

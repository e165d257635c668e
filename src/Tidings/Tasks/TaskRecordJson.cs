using System.Buffers;
using System.Text.Json;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Replies;

namespace Tidings.Tasks;

/// <summary>A record as stores keep it that know no fields: all but its version.</summary>
internal static class TaskRecordJson
{
    public static byte[] Write(TaskRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer, JsonFrame.Options);
        writer.WriteStartObject();
        writer.WritePropertyName("state"u8);
        writer.WriteRawValue(TaskStateJson.Write(record.State), skipInputValidation: true);
        if (!record.Data.IsEmpty)
        {
            writer.WritePropertyName("data"u8);
            writer.WriteRawValue(record.Data.Span, skipInputValidation: true);
        }

        writer.WriteNumber("cancel"u8, (int)record.Cancel);
        writer.WriteString("node"u8, record.Node);
        writer.WriteBoolean("announced"u8, record.Announced);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <returns>The record; null where it is none, as what somebody else has written.</returns>
    public static TaskRecord? Read(ReadOnlyMemory<byte> json, long version)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var cancel = (ChannelAccess)root.GetProperty("cancel"u8).GetInt32();
            return TaskStateJson.Read(RawOf(root.GetProperty("state"u8))) is { } state && Enum.IsDefined(cancel)
                ? new TaskRecord(state)
                {
                    Version = version,
                    Data = root.TryGetProperty("data"u8, out var data) ? CommandReader.WithoutLineBreaks(RawOf(data)) : default,
                    Cancel = cancel,
                    Node = root.GetProperty("node"u8).GetString(),
                    Announced = root.GetProperty("announced"u8).GetBoolean(),
                }
                : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static ReadOnlySpan<byte> RawOf(JsonElement element) => System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(element);
}

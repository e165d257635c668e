using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.Client.Wire;

/// <summary>Writes what <see cref="Protocol.Positions.ChannelPositions"/> reads: the base64url of <c>[["channel","epoch",offset],…]</c>.</summary>
internal static class PositionText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(IEnumerable<(string Channel, StreamPosition Position)> channels)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartArray();
        foreach (var (channel, position) in channels)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(channel);
            writer.WriteStringValue(position.Epoch);
            writer.WriteNumberValue(position.Offset);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.Flush();
        return Base64Url.EncodeToString(buffer.WrittenSpan);
    }
}

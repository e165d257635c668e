using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.Client.Wire;

/// <summary>Positions in several channels as URLs have them: base64url of the JSON <c>[["channel","epoch",offset],…]</c>.</summary>
internal static class PositionText
{
    /// <summary>The most characters.</summary>
    public const int Longest = 2048;

    /// <summary>The most channels.</summary>
    public const int MostChannels = 16;

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

    /// <summary>Reads what <see cref="Write"/> wrote, or the server did.</summary>
    public static bool TryRead(string text, out IReadOnlyList<(string Channel, StreamPosition Position)> channels)
    {
        channels = [];
        if (text.Length > Longest || !Base64Url.IsValid(text))
        {
            return false;
        }

        try
        {
            using var json = JsonDocument.Parse(Base64Url.DecodeFromChars(text));
            var entries = json.RootElement;
            if (entries.ValueKind != JsonValueKind.Array || entries.GetArrayLength() > MostChannels)
            {
                return false;
            }

            var read = new List<(string, StreamPosition)>(entries.GetArrayLength());
            foreach (var entry in entries.EnumerateArray())
            {
                if (entry.ValueKind != JsonValueKind.Array || entry.GetArrayLength() != 3
                    || entry[0].ValueKind != JsonValueKind.String || entry[1].ValueKind != JsonValueKind.String
                    || entry[1].GetString() is not { Length: > 0 and <= StreamPosition.LongestEpoch } epoch
                    || entry[2].ValueKind != JsonValueKind.Number || !entry[2].TryGetInt64(out var offset)
                    || offset is < 0 or > StreamPosition.LargestOffset)
                {
                    return false;
                }

                read.Add((entry[0].GetString()!, new StreamPosition(epoch, offset)));
            }

            channels = read;
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}

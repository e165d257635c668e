using System.Text.Json;

namespace Tidings.Protocol.Commands;

/// <content>Values of fields. Each is read to its end, whatever is wrong with it.</content>
internal static partial class CommandReader
{
    private static string? ReadPosition(ref Utf8JsonReader reader, out StreamPosition? position)
    {
        position = null;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return "must be an object with epoch and offset";
        }

        string? epoch = null;
        var offset = -1L;
        string? wrong = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isEpoch = reader.ValueTextEquals("epoch"u8);
            var isOffset = reader.ValueTextEquals("offset"u8);
            reader.Read();
            if ((isEpoch && epoch is not null) || (isOffset && offset >= 0))
            {
                wrong ??= "has a field twice";
                reader.Skip();
            }
            else if (isEpoch)
            {
                // Always read to its end, whatever was wrong before.
                var fault = ReadText(ref reader, StreamPosition.LongestEpoch, ref epoch);
                wrong ??= fault;
            }
            else if (isOffset)
            {
                var fault = ReadNumber(ref reader, 0, StreamPosition.LargestOffset, out offset);
                wrong ??= fault;
            }
            else
            {
                reader.Skip();
            }
        }

        if (wrong is null && (epoch is null || offset < 0))
        {
            wrong = "must have epoch and offset";
        }

        position = wrong is null ? new StreamPosition(epoch!, offset) : null;
        return wrong;
    }

    private static string? ReadId(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Command command)
    {
        if (reader.TokenType is not (JsonTokenType.Number or JsonTokenType.String))
        {
            reader.Skip();
            return "must be a number or a string";
        }

        var raw = json[(int)reader.TokenStartIndex..(int)reader.BytesConsumed];
        if (raw.Length > LongestId)
        {
            return $"has more than {LongestId} bytes";
        }

        command.Id = raw.ToArray();
        return null;
    }

    private static string? ReadBytes(ref Utf8JsonReader reader, Command command)
    {
        if (reader.TokenType == JsonTokenType.String && reader.TryGetBytesFromBase64(out var bytes))
        {
            command.Bytes = bytes;
            return null;
        }

        reader.Skip();
        return "must be base64 with padding (RFC 4648, section 4)";
    }

    private static ReadOnlyMemory<byte> RawValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return WithoutLineBreaks(json[start..(int)reader.BytesConsumed]);
    }

    private static string? ReadInfo(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, out ReadOnlyMemory<byte> info)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return MemberInfo.Read(json[start..(int)reader.BytesConsumed], out info);
    }

    /// <summary>A copy without line breaks, which in JSON stand only between tokens, so that one line is one message on every wire.</summary>
    public static byte[] WithoutLineBreaks(ReadOnlySpan<byte> json)
    {
        if (json.IndexOfAny((byte)'\r', (byte)'\n') < 0)
        {
            return json.ToArray();
        }

        var kept = new byte[json.Length];
        var length = 0;
        foreach (var b in json)
        {
            if (b is not ((byte)'\r' or (byte)'\n'))
            {
                kept[length++] = b;
            }
        }

        return kept[..length];
    }

    private static string? ReadText(ref Utf8JsonReader reader, int longest, ref string? text)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return "must be a string";
        }

        // Before unescaping: an escape is never shorter than what it stands for.
        if (reader.ValueSpan.Length > 6 * longest)
        {
            return $"has more than {longest} bytes";
        }

        text = reader.GetString()!;
        return text.Length is > 0 && System.Text.Encoding.UTF8.GetByteCount(text) <= longest ? null : $"must have 1 to {longest} bytes";
    }

    private static string? ReadNumber(ref Utf8JsonReader reader, long least, long most, out long number)
    {
        number = 0;
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out number) && number >= least && number <= most)
        {
            return null;
        }

        reader.Skip();
        number = 0;
        return $"must be a whole number from {least} to {most}";
    }

    private static string? ReadFlag(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.True or JsonTokenType.False)
        {
            return null;
        }

        reader.Skip();
        return "must be true or false";
    }
}

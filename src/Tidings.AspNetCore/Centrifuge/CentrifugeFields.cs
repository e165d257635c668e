using System.Text;
using System.Text.Json;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>Fields of the protocol's commands and requests, each of the type that it must have: what is absent, or null, is what is zero.</summary>
internal static class CentrifugeFields
{
    /// <summary>The most messages that one answer of a history lists.</summary>
    public const int MostMessages = 300;

    /// <summary>An offset and an epoch. An epoch that cannot be one of ours is one that is not.</summary>
    public static bool TryPosition(JsonElement value, out StreamPosition? position)
    {
        position = null;
        if (value.ValueKind != JsonValueKind.Object || !TryNumber(value, "offset", out var offset) || !TryText(value, "epoch", out var epoch))
        {
            return false;
        }

        epoch ??= "";
        var known = epoch.Length <= StreamPosition.LongestEpoch && LogEntry.IsEpoch(Encoding.UTF8.GetBytes(epoch));
        position = new StreamPosition(known ? epoch : "_", (long)Math.Min(offset, StreamPosition.LargestOffset));
        return true;
    }

    /// <summary>How many messages are wanted: absent or 0, the position alone; what is negative, or more than a page, is a page.</summary>
    public static bool TryLimit(JsonElement value, out int limit)
    {
        limit = 0;
        if (!value.TryGetProperty("limit", out var number) || number.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        if (number.ValueKind != JsonValueKind.Number || !number.TryGetInt64(out var wanted))
        {
            return false;
        }

        limit = wanted is < 0 or > MostMessages ? MostMessages : (int)wanted;
        return true;
    }

    /// <summary>A text; null where it is absent or empty.</summary>
    public static bool TryText(JsonElement value, string name, out string? text)
    {
        text = null;
        if (value.TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null)
        {
            if (found.ValueKind != JsonValueKind.String)
            {
                return false;
            }

            text = found.GetString() is { Length: > 0 } given ? given : null;
        }

        return true;
    }

    /// <summary>Whether something is wanted; not where it is absent.</summary>
    public static bool TryFlag(JsonElement value, string name, out bool flag)
    {
        flag = value.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.True;
        return flag || found.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False;
    }

    /// <summary>A number without a sign; 0 where it is absent.</summary>
    public static bool TryNumber(JsonElement value, string name, out ulong number)
    {
        number = 0;
        return !value.TryGetProperty(name, out var found) || found.ValueKind == JsonValueKind.Null || (found.ValueKind == JsonValueKind.Number && found.TryGetUInt64(out number));
    }

    /// <summary>The data, without line breaks; empty where there are none.</summary>
    public static ReadOnlyMemory<byte> Data(JsonElement value) =>
        value.TryGetProperty("data", out var data) ? CommandReader.WithoutLineBreaks(Encoding.UTF8.GetBytes(data.GetRawText())) : default;
}

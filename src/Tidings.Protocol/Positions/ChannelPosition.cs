using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Tidings.Protocol.Positions;

/// <summary>How far a reader has come in one channel.</summary>
internal readonly record struct ChannelPosition(string Channel, StreamPosition Position);

/// <summary>Reads positions as URLs and <c>Last-Event-ID</c> have them: the base64url of <c>[["channel","epoch",offset],…]</c> (docs/protocol.md, "Positions").</summary>
internal static class ChannelPositions
{
    /// <summary>The most channels of one position.</summary>
    public const int MostChannels = 16;

    /// <summary>The most characters of a position.</summary>
    public const int LongestText = 2048;

    /// <summary>The most bytes of the JSON in it.</summary>
    public const int LongestJson = LongestText / 4 * 3;

    /// <summary>Reads a position from anybody.</summary>
    /// <returns>Null where it is none.</returns>
    public static IReadOnlyList<ChannelPosition>? TryRead(string text)
    {
        if (text.Length is 0 or > LongestText)
        {
            return null;
        }

        Span<byte> json = stackalloc byte[LongestJson];
        try
        {
            return Base64Url.TryDecodeFromChars(text, json, out var length) && Utf8.IsValid(json[..length]) ? ReadJson(json[..length]) : null;
        }
        catch (Exception error) when (error is FormatException or JsonException or InvalidOperationException)
        {
            // No base64url; no JSON; an escape that names no character.
            return null;
        }
    }

    private static List<ChannelPosition>? ReadJson(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var positions = new List<ChannelPosition>();
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (positions.Count == MostChannels
                || ReadOne(ref reader) is not { } position
                || positions.Exists(other => other.Channel == position.Channel))
            {
                return null;
            }

            positions.Add(position);
        }

        // Anything behind the array throws.
        reader.Read();
        return positions;
    }

    private static ChannelPosition? ReadOne(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray
            || !reader.Read() || reader.TokenType != JsonTokenType.String || reader.GetString() is not { } channel || !ChannelName.IsValid(channel)
            || !reader.Read() || reader.TokenType != JsonTokenType.String || reader.GetString() is not { } epoch
            || epoch.Length == 0 || Encoding.UTF8.GetByteCount(epoch) > StreamPosition.LongestEpoch
            || !reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var offset)
            || offset is < 0 or > StreamPosition.LargestOffset
            || !reader.Read() || reader.TokenType != JsonTokenType.EndArray)
        {
            return null;
        }

        return new ChannelPosition(channel, new StreamPosition(epoch, offset));
    }
}

using System.Text;
using System.Text.Json;
using Tidings.Dialects;
using Tidings.Presence;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Pusher;

/// <summary>Members of presence channels, as a back end signs them and clients see them.</summary>
internal static class PusherMember
{
    private const int LongestId = 128;
    private const int MostBytes = 4096;

    /// <summary>Reads <c>channel_data</c>: <c>{"user_id", "user_info"?}</c>, at most 4 KB.</summary>
    /// <returns>Null where it says no user.</returns>
    public static ProvenMember? Read(string? text)
    {
        if (Parse(text) is not { } data || Id(data, "user_id") is not { } id)
        {
            return null;
        }

        return new ProvenMember(id, data.TryGetProperty("user_info", out var info) ? Encoding.UTF8.GetBytes(info.GetRawText()) : default);
    }

    /// <summary>The id in <c>user_data</c>; null where there is none.</summary>
    public static string? ReadUser(string? text) => Parse(text) is { } data ? Id(data, "id") : null;

    /// <summary>Whether the user wants to be told when others come and go.</summary>
    public static bool HasWatchlist(string? text) => Parse(text) is { } data && data.TryGetProperty("watchlist", out _);

    /// <summary>The data of <c>subscription_succeeded</c>.</summary>
    public static byte[] List(PresenceList list)
    {
        var frame = JsonFrame.Begin();
        var writer = frame.Writer;
        writer.WriteStartObject("presence"u8);
        writer.WriteStartArray("ids"u8);
        foreach (var member in list.Members)
        {
            writer.WriteStringValue(member.User);
        }

        writer.WriteEndArray();
        writer.WriteStartObject("hash"u8);
        foreach (var member in list.Members)
        {
            writer.WritePropertyName(member.User);
            WriteInfo(writer, member.Vouched.Span);
        }

        writer.WriteEndObject();
        writer.WriteNumber("count"u8, list.Count);
        writer.WriteEndObject();
        return frame.EndJson().ToArray();
    }

    /// <summary>What the others are told of a member that has come or gone.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="member">The member in the words of <c>join</c> and <c>leave</c>.</param>
    /// <param name="came">Whether it came.</param>
    /// <param name="isTracked">Whether <c>info</c> is what clients say of themselves, and <c>user_info</c> what was signed.</param>
    public static byte[] Event(string channel, ReadOnlySpan<byte> member, bool came, bool isTracked)
    {
        var reader = new Utf8JsonReader(member);
        using var document = JsonDocument.ParseValue(ref reader);
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("user_id"u8, document.RootElement.GetProperty("user").GetString());
        if (came)
        {
            frame.Writer.WritePropertyName("user_info"u8);
            WriteInfo(frame.Writer, document.RootElement.TryGetProperty(isTracked ? "user_info" : "info", out var info) ? Encoding.UTF8.GetBytes(info.GetRawText()) : default);
        }

        return PusherDialect.Event(came ? "pusher_internal:member_added" : "pusher_internal:member_removed", channel, frame.EndJson().ToArray());
    }

    private static void WriteInfo(Utf8JsonWriter writer, ReadOnlySpan<byte> info)
    {
        if (info.IsEmpty)
        {
            writer.WriteStartObject();
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteRawValue(info, skipInputValidation: true);
        }
    }

    private static JsonElement? Parse(string? text)
    {
        if (text is null || text.Length > MostBytes)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Laravel writes numbers, as its users' ids are.
    private static string? Id(JsonElement data, string name)
    {
        var id = data.TryGetProperty(name, out var value) ? value.ValueKind switch
        {
            JsonValueKind.String => TextOf(value),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        } : null;
        return id is { Length: > 0 and <= LongestId } && !id.Any(char.IsControl) ? id : null;
    }

    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // An escape such as \ud800 names no character.
            return null;
        }
    }
}

using System.Runtime.InteropServices;
using System.Text.Json;
using Tidings.Messages;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.AspNetCore.Api;

/// <summary>What several operations ask of their fields.</summary>
internal static class ApiChecks
{
    public static string? Channel(string? channel) =>
        channel is null ? "channel is missing."
        : ChannelName.IsValid(channel) ? null
        : $"channel is no channel name: {ChannelName.Rule}.";

    public static string? Key(string name, string? key) =>
        key is null || MessageKey.IsValid(key) ? null : $"{name} {MessageKey.Rule}.";

    public static string? Event(string? name) => name is null || EventName.IsValid(name) ? null : $"event {EventName.Rule}.";

    /// <summary>A connection's id, or several.</summary>
    public static string? Connections(string name, JsonElement? value, out IReadOnlyCollection<string>? ids)
    {
        ids = value switch
        {
            null => [],
            { ValueKind: JsonValueKind.String } one => [TextOf(one)],
            { ValueKind: JsonValueKind.Array } several when several.GetArrayLength() <= PublishOptions.MostExcepted => [.. several.EnumerateArray().Select(TextOf)],
            _ => null,
        };
        return ids?.All(static id => id.Length is > 0 and <= ChannelName.MaxBytes) == true
            ? null
            : $"{name} must be a connection's id, or an array of at most {PublishOptions.MostExcepted}.";
    }

    public static string? Data(JsonElement data) => data.ValueKind == JsonValueKind.Undefined ? "data is missing." : null;

    /// <summary>What is to be published: JSON, or a binary payload.</summary>
    public static string? Content(PublishRequest request, out MessageData data)
    {
        data = default;
        if (request.Remove)
        {
            return null;
        }

        if (request.Data64 is not { } encoded)
        {
            data = new MessageData(DataKind.Json, request.Data.ValueKind == JsonValueKind.Undefined ? default : BytesOf(request.Data));
            return Data(request.Data);
        }

        var bytes = new byte[(encoded.Length / 4 * 3) + 3];
        if (!Convert.TryFromBase64String(encoded, bytes, out var length))
        {
            return "data64 must be base64 with padding (RFC 4648, section 4).";
        }

        data = new MessageData(DataKind.Binary, bytes.AsMemory(0, length));
        return request.Data.ValueKind == JsonValueKind.Undefined ? null : "data and data64 must not stand together.";
    }

    // Empty where it is no text, or holds an escape that names no character.
    private static string TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }

    /// <summary>How many are wanted, within what is given at once.</summary>
    public static string? Limit(string name, int? limit, int most, int least = 1) =>
        limit is null || (limit >= least && limit <= most) ? null : $"{name} must be a whole number from {least} to {most}.";

    /// <summary>A place in a log.</summary>
    public static string? Position(string name, StreamPosition? position) =>
        position is null or { Epoch.Length: > 0 and <= StreamPosition.LongestEpoch, Offset: >= 0 and <= StreamPosition.LargestOffset }
            ? null
            : $"{name} must have epoch and offset.";

    /// <summary>The very bytes that came, less line breaks.</summary>
    public static byte[] BytesOf(JsonElement data) => CommandReader.WithoutLineBreaks(JsonMarshal.GetRawUtf8Value(data));

    /// <summary>Exactly one of a user and a connection.</summary>
    public static string? Target(string? user, string? connection, out (NodeTarget Kind, string Name) target)
    {
        target = user is not null ? (NodeTarget.User, user) : (NodeTarget.Connection, connection ?? "");
        return user is null == connection is null ? "Exactly one of user and connection is needed." : null;
    }
}

using System.Runtime.InteropServices;
using System.Text.Json;
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

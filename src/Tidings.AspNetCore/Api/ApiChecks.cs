using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.AspNetCore.Api;

/// <summary>What several operations ask of their fields.</summary>
internal static class ApiChecks
{
    private const int LongestKey = 128;

    public static string? Channel(string? channel) =>
        channel is null ? "channel is missing."
        : ChannelName.IsValid(channel) ? null
        : "channel is no channel name: 1 to 255 bytes of letters and digits (Unicode's form C) and _ . : - @.";

    public static string? Key(string name, string? key) =>
        key is null || (key.Length > 0 && Encoding.UTF8.GetByteCount(key) <= LongestKey) ? null : $"{name} must have 1 to {LongestKey} bytes.";

    public static string? Data(JsonElement data) => data.ValueKind == JsonValueKind.Undefined ? "data is missing." : null;

    /// <summary>How many are wanted, within what is given at once.</summary>
    public static string? Limit(string name, int? limit, int most) =>
        limit is null || (limit >= 1 && limit <= most) ? null : $"{name} must be a whole number from 1 to {most}.";

    /// <summary>The very bytes that came, less line breaks.</summary>
    public static byte[] BytesOf(JsonElement data) => CommandReader.WithoutLineBreaks(JsonMarshal.GetRawUtf8Value(data));

    /// <summary>Exactly one of a user and a connection.</summary>
    public static string? Target(string? user, string? connection, out (NodeTarget Kind, string Name) target)
    {
        target = user is not null ? (NodeTarget.User, user) : (NodeTarget.Connection, connection ?? "");
        return user is null == connection is null ? "Exactly one of user and connection is needed." : null;
    }
}

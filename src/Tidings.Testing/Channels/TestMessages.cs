using System.Text;
using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.Testing;

/// <summary>Reads what the server says.</summary>
internal static class TestMessages
{
    public static string? TypeOf(JsonElement message) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null;

    /// <summary>The position that a message has.</summary>
    /// <param name="message">The message.</param>
    /// <param name="epoch">The epoch of those that don't say theirs.</param>
    public static StreamPosition? PositionOf(JsonElement message, string? epoch = null)
    {
        if (message.TryGetProperty("epoch", out var said))
        {
            epoch = said.GetString();
        }

        return epoch is not null && message.TryGetProperty("offset", out var offset) ? new StreamPosition(epoch, offset.GetInt64()) : null;
    }

    /// <param name="channel">The channel.</param>
    /// <param name="message">The message.</param>
    /// <param name="epoch">The epoch that the subscription was in.</param>
    public static ChannelMessage Read(string channel, JsonElement message, string epoch) => new()
    {
        Kind = TypeOf(message) switch
        {
            "gap" => ChannelMessageKind.Gap,
            "removed" => ChannelMessageKind.Removed,
            _ => message.TryGetProperty("remove", out _) ? ChannelMessageKind.KeyRemoval : ChannelMessageKind.Message,
        },
        Channel = channel,
        Position = PositionOf(message, epoch) ?? default,
        Data = BytesOf(message, "data"),
        Bytes = message.TryGetProperty("data64", out var encoded) ? encoded.GetBytesFromBase64() : default(ReadOnlyMemory<byte>?),
        From = TextOf(message, "from"),
        Connection = TextOf(message, "connection"),
        Event = TextOf(message, "event"),
        Key = TextOf(message, "key"),
        Time = message.TryGetProperty("time", out var time) ? DateTimeOffset.FromUnixTimeMilliseconds(time.GetInt64()) : default,
        Reason = TextOf(message, "reason"),
    };

    public static ChannelMember ReadMember(JsonElement member) => new(
        TextOf(member, "user")!, member.TryGetProperty("connections", out var count) ? count.GetInt32() : 1, BytesOf(member, "info"))
    {
        Connection = TextOf(member, "connection"),
        UserInfo = BytesOf(member, "user_info"),
    };

    private static string? TextOf(JsonElement message, string name) => message.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static ReadOnlyMemory<byte> BytesOf(JsonElement message, string name) => message.TryGetProperty(name, out var value) ? Encoding.UTF8.GetBytes(value.GetRawText()) : default;
}

using System.Text.Json;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.Presence;

/// <summary>The names under which a store knows the connections of a channel, each as a member by itself that is gone at once when it goes.</summary>
internal static class ConnectionPresence
{
    // No name of a channel has this character.
    private const char Mark = '\u0002';

    // Gone at once when it goes.
    private static readonly PresenceTerms Terms = new(TimeSpan.Zero);

    public static string Of(string channel) => Mark + channel;

    /// <summary>A connection of a channel, as a member by itself.</summary>
    public static Attendance Of(string channel, string connection) => new(Of(channel), connection, connection, Terms);

    /// <summary>Whether it is such a name.</summary>
    public static bool Is(string name) => name.StartsWith(Mark);

    /// <summary>The channel whose connections are known under a name.</summary>
    public static string ChannelOf(string name) => Is(name) ? name[1..] : name;

    /// <summary>Whether a store may know members under a name.</summary>
    public static bool IsValid(string name) => ChannelName.IsValid(ChannelOf(name));
}

/// <summary>What is known of a connection that listens, beside its id.</summary>
/// <param name="User">Whose it is, or null.</param>
/// <param name="Info">JSON about the user, or empty.</param>
/// <param name="Granted">JSON that the token of the subscription says, or empty.</param>
internal readonly record struct ConnectionMember(string? User, ReadOnlyMemory<byte> Info, ReadOnlyMemory<byte> Granted)
{
    /// <summary>As a store keeps it: JSON with <c>user</c>, <c>info</c> and <c>granted</c>, as far as there are any.</summary>
    public byte[] ToJson()
    {
        var frame = JsonFrame.Begin();
        if (User is not null)
        {
            frame.Writer.WriteString("user"u8, User);
        }

        Write(frame, "info"u8, Info);
        Write(frame, "granted"u8, Granted);
        return frame.EndJson().ToArray();
    }

    /// <summary>Reads what <see cref="ToJson"/> has written.</summary>
    public static ConnectionMember Read(JsonElement json) => json.ValueKind != JsonValueKind.Object ? default : new ConnectionMember(
        json.TryGetProperty("user"u8, out var user) && user.ValueKind == JsonValueKind.String ? user.GetString() : null,
        Raw(json, "info"u8),
        Raw(json, "granted"u8));

    private static void Write(JsonFrame frame, ReadOnlySpan<byte> name, ReadOnlyMemory<byte> json)
    {
        if (!json.IsEmpty)
        {
            frame.Raw(name, json.Span);
        }
    }

    private static ReadOnlyMemory<byte> Raw(JsonElement json, ReadOnlySpan<byte> name) =>
        json.TryGetProperty(name, out var value) ? System.Text.Encoding.UTF8.GetBytes(value.GetRawText()) : default;
}

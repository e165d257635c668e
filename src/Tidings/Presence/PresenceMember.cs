using System.Text;
using System.Text.Json;
using Tidings.Protocol.Replies;

namespace Tidings.Presence;

/// <summary>A member of a channel: a user with all connections, or one connection, as the channel's kind has it.</summary>
/// <param name="User">The user's id; of somebody anonymous, <c>~</c> and the connection's id, which no user's id begins with.</param>
/// <param name="Connections">How many connections the member listens with.</param>
/// <param name="Info">JSON about the member, or empty: what its connections say where <paramref name="IsTracked"/>, otherwise what the server was told.</param>
/// <param name="IsTracked">Whether clients say the member's info by themselves.</param>
public sealed record PresenceMember(string User, int Connections, ReadOnlyMemory<byte> Info, bool IsTracked = false)
{
    // No id of a user or connection has this character.
    private const char Mark = '\u0001';

    /// <summary>The connection that the member is; null where it is a user with all connections.</summary>
    public string? Connection { get; init; }

    /// <summary>JSON that a hook, a token or a signature says of a member whose info is its own, or empty.</summary>
    public ReadOnlyMemory<byte> UserInfo { get; init; }

    /// <summary>JSON that a hook, a token or a signature says of the member, or empty: nothing that a client could make up.</summary>
    internal ReadOnlyMemory<byte> Vouched => IsTracked ? UserInfo : Info;

    /// <summary>What tells the member from all others of the channel.</summary>
    public string Key => Connection is null ? User : KeyOf(User, Connection);

    /// <summary>The key of a member that is one connection.</summary>
    internal static string KeyOf(string user, string connection) => $"{user}{Mark}{connection}";

    /// <summary>The user and, of a member that is one connection, the connection of a key.</summary>
    internal static (string User, string? Connection) Split(string key)
    {
        var cut = key.LastIndexOf(Mark);
        return cut < 0 ? (key, null) : (key[..cut], key[(cut + 1)..]);
    }

    /// <summary>The member's names alone, as JSON without its end, to which more can be added.</summary>
    internal static byte[] Names(string user, string? connection)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, JsonFrame.Options))
        {
            writer.WriteStartObject();
            writer.WriteString("user"u8, user);
            if (connection is not null)
            {
                writer.WriteString("connection"u8, connection);
            }

            writer.WriteEndObject();
        }

        return buffer.ToArray()[..^1];
    }

    /// <summary>The member as JSON, as <c>join</c>, <c>leave</c>, <c>update</c> and lists show it.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, JsonFrame.Options))
        {
            Write(writer);
        }

        return buffer.ToArray();
    }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("user"u8, User);
        if (Connection is null)
        {
            writer.WriteNumber("connections"u8, Connections);
        }
        else
        {
            writer.WriteString("connection"u8, Connection);
        }

        WriteUnlessEmpty(writer, "info"u8, Info);
        WriteUnlessEmpty(writer, "user_info"u8, UserInfo);
        writer.WriteEndObject();
    }

    /// <summary>Reads what <see cref="ToJson"/> has written, or a script of Redis.</summary>
    /// <returns>Null where it is no member.</returns>
    internal static PresenceMember? Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var member = document.RootElement;
        return member.TryGetProperty("user"u8, out var user) && user.ValueKind == JsonValueKind.String
            ? new PresenceMember(user.GetString()!, 1, RawOf(member, "info"u8))
            {
                Connection = member.TryGetProperty("connection"u8, out var connection) && connection.ValueKind == JsonValueKind.String ? connection.GetString() : null,
                UserInfo = RawOf(member, "user_info"u8),
            }
            : null;
    }

    private static byte[] RawOf(JsonElement member, ReadOnlySpan<byte> name) => member.TryGetProperty(name, out var value) ? Encoding.UTF8.GetBytes(value.GetRawText()) : [];

    private static void WriteUnlessEmpty(Utf8JsonWriter writer, ReadOnlySpan<byte> name, ReadOnlyMemory<byte> json)
    {
        if (!json.IsEmpty)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(json.Span, skipInputValidation: true);
        }
    }
}

/// <summary>Who listens to a channel.</summary>
/// <param name="Members">At most as many as were asked for.</param>
/// <param name="Count">How many there are.</param>
public sealed record PresenceList(IReadOnlyList<PresenceMember> Members, int Count);

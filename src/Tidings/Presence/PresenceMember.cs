using Tidings.Protocol.Replies;

namespace Tidings.Presence;

/// <summary>Somebody who listens to a channel.</summary>
/// <param name="User">The user's id; of somebody anonymous, <c>~</c> and the connection's id, which no user's id begins with.</param>
/// <param name="Connections">How many connections the member listens with.</param>
/// <param name="Info">JSON about the member, or empty.</param>
internal sealed record PresenceMember(string User, int Connections, ReadOnlyMemory<byte> Info)
{
    /// <summary>The member as JSON, as <c>join</c>, <c>leave</c> and lists show it.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(buffer, JsonFrame.Options))
        {
            Write(writer);
        }

        return buffer.ToArray();
    }

    public void Write(System.Text.Json.Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("user"u8, User);
        writer.WriteNumber("connections"u8, Connections);
        if (!Info.IsEmpty)
        {
            writer.WritePropertyName("info"u8);
            writer.WriteRawValue(Info.Span, skipInputValidation: true);
        }

        writer.WriteEndObject();
    }
}

/// <summary>Who listens to a channel.</summary>
/// <param name="Members">At most as many as were asked for.</param>
/// <param name="Count">How many there are.</param>
internal sealed record PresenceList(IReadOnlyList<PresenceMember> Members, int Count);

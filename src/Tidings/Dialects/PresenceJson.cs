using System.Text.Json;
using Tidings.Presence;

namespace Tidings.Dialects;

/// <summary>How lists of members look on the wire.</summary>
internal static class PresenceJson
{
    /// <summary>Adds <c>presence: {members, count}</c>.</summary>
    public static void WriteList(Utf8JsonWriter writer, PresenceList list)
    {
        writer.WriteStartObject("presence"u8);
        WriteMembers(writer, list);
        writer.WriteEndObject();
    }

    /// <summary>Adds <c>members</c> and <c>count</c>.</summary>
    public static void WriteMembers(Utf8JsonWriter writer, PresenceList list)
    {
        writer.WriteStartArray("members"u8);
        foreach (var member in list.Members)
        {
            member.Write(writer);
        }

        writer.WriteEndArray();
        writer.WriteNumber("count"u8, list.Count);
    }
}

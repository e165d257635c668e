using System.Globalization;
using System.Text;
using System.Text.Json;
using Tidings.Protocol;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

// In here: the library has options and messages of the same names.
using Tidings.Client;

/// <summary>Writes what a channel tells: messages, joins and leaves as lines of columns, in JSON all of it. The rest are notes.</summary>
internal static class EventText
{
    public static void Write(CommandOutput output, ChannelEvent told, DateTimeOffset now)
    {
        if (output.IsJson)
        {
            output.Json(writer => Fields(writer, told));
            return;
        }

        switch (told)
        {
            case ChannelMessage { IsRemoved: true } message:
                output.Columns(("-", "grey"), (message.Channel, "blue"), (message.Position?.ToString() ?? "-", "grey"), ("-", "yellow"), ("(erased)", "grey"));
                break;
            case ChannelMessage message:
                output.Columns(
                    (Time(message.Time), "grey"), (message.Channel, "blue"), (message.Position?.ToString() ?? "-", "grey"), (message.From ?? "-", "yellow"), Content(message));
                break;
            case ChannelJoin join:
                Member(output, now, join.Channel, "join", join.Member);
                break;
            case ChannelLeave leave:
                Member(output, now, leave.Channel, "leave", leave.Member);
                break;
            case ChannelRemoved removed:
                output.Note($"{removed.Channel}: the message at {removed.Position} was erased.");
                break;
            case ChannelGap gap:
                output.Note($"{gap.Channel}: messages are gone ({gap.Reason}); it goes on after {gap.Position}.");
                break;
            case ChannelSubscribed subscribed:
                output.Note($"Listening to {subscribed.Channel} after {subscribed.Position}{(subscribed.Presence is { } there ? $", with {there.Count} there" : "")}.");
                break;
            case ChannelError error:
                output.Note($"{error.Channel} cannot be had now: {CommandOutput.Clean(error.Error)}");
                break;
        }
    }

    private static (string Text, string Color) Content(ChannelMessage message) =>
        message.IsKeyRemoval ? ($"(key {message.Key} taken out)", "grey")
        : message.Bytes is { } bytes ? ($"({bytes.Length} bytes)", "grey")
        : (Encoding.UTF8.GetString(message.Data.Span), "");

    /// <summary>Epoch and offset; nothing where there is no position.</summary>
    public static void Position(Utf8JsonWriter writer, StreamPosition? position)
    {
        if (position is { } place)
        {
            writer.WriteString("epoch", place.Epoch);
            writer.WriteNumber("offset", place.Offset);
        }
    }

    public static void Member(Utf8JsonWriter writer, ChannelMember member)
    {
        writer.WriteString("user", member.User);
        writer.WriteNumber("connections", member.Connections);
        if (!member.Info.IsEmpty)
        {
            writer.WritePropertyName("info");
            writer.WriteRawValue(member.Info.Span);
        }
    }

    private static void Member(CommandOutput output, DateTimeOffset now, string channel, string what, ChannelMember member) =>
        output.Columns((Time(now), "grey"), (channel, "blue"), (what, "green"), (member.User, "yellow"), (Encoding.UTF8.GetString(member.Info.Span), ""));

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static void Fields(Utf8JsonWriter writer, ChannelEvent told)
    {
        writer.WriteString("type", told switch
        {
            ChannelMessage { IsRemoved: true } or ChannelRemoved => "removed",
            ChannelMessage => "message",
            ChannelJoin => "join",
            ChannelLeave => "leave",
            ChannelGap => "gap",
            ChannelSubscribed => "subscribed",
            _ => "error",
        });
        writer.WriteString("channel", told.Channel);
        switch (told)
        {
            case ChannelMessage { IsRemoved: true } message:
                Position(writer, message.Position);
                break;
            case ChannelRemoved removed:
                Position(writer, removed.Position);
                break;
            case ChannelMessage message:
                Position(writer, message.Position);
                Content(writer, message);
                Optional(writer, "event", message.Event);
                Optional(writer, "from", message.From);
                Optional(writer, "connection", message.Connection);
                Optional(writer, "key", message.Key);
                writer.WriteNumber("time", message.Time.ToUnixTimeMilliseconds());
                break;
            case ChannelJoin { Member: var member }:
                Member(writer, member);
                break;
            case ChannelLeave { Member: var member }:
                Member(writer, member);
                break;
            case ChannelGap gap:
                Position(writer, gap.Position);
                writer.WriteNumber("from", gap.From);
                writer.WriteNumber("to", gap.To);
                writer.WriteString("reason", gap.Reason);
                break;
            case ChannelSubscribed subscribed:
                Subscribed(writer, subscribed);
                break;
            case ChannelError error:
                writer.WriteString("code", error.Code.ToWire());
                writer.WriteString("error", error.Error);
                break;
        }
    }

    private static void Content(Utf8JsonWriter writer, ChannelMessage message)
    {
        if (message.IsKeyRemoval)
        {
            writer.WriteBoolean("remove", true);
        }
        else if (message.Bytes is { } bytes)
        {
            writer.WriteBase64String("data64", bytes.Span);
        }
        else
        {
            writer.WritePropertyName("data");
            writer.WriteRawValue(message.Data.Span);
        }
    }

    private static void Subscribed(Utf8JsonWriter writer, ChannelSubscribed subscribed)
    {
        Position(writer, subscribed.Position);
        if (subscribed.Recovered is { } recovered)
        {
            writer.WriteBoolean("recovered", recovered);
        }

        if (subscribed.Presence is { } presence)
        {
            Members(writer, presence);
        }
    }

    /// <summary>How many there are, and who.</summary>
    public static void Members(Utf8JsonWriter writer, ChannelPresence presence)
    {
        writer.WriteNumber("count", presence.Count);
        writer.WriteStartArray("members");
        foreach (var member in presence.Members)
        {
            writer.WriteStartObject();
            Member(writer, member);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Optional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }
}

using System.Text;
using System.Text.Json;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.AspNetCore.Pusher;

/// <summary>Reads what clients of the Pusher protocol say.</summary>
internal static class PusherReader
{
    /// <summary>What the names of clients' own events begin with.</summary>
    public const string ClientEvent = "client-";

    private const int LongestProof = 4096 + 256;

    private static readonly JsonDocumentOptions Bounds = new() { MaxDepth = JsonPayload.MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Whether the name of an event is the protocol's own.</summary>
    public static bool IsReserved(string name) => name.StartsWith("pusher:", StringComparison.Ordinal) || name.StartsWith("pusher_internal:", StringComparison.Ordinal);

    /// <summary>Whether the newest event of a channel is kept for those who come.</summary>
    public static bool IsCache(string channel)
    {
        var rest = channel.AsSpan();
        foreach (var before in new[] { "private-encrypted-", "private-", "presence-" })
        {
            if (rest.StartsWith(before))
            {
                rest = rest[before.Length..];
                break;
            }
        }

        return rest.StartsWith("cache-");
    }

    /// <returns>What is wrong with the message, or null.</returns>
    public static CommandFault? Read(ReadOnlySpan<byte> text, PusherApp app, out Command command)
    {
        command = new Command();
        try
        {
            using var document = JsonDocument.Parse(text.ToArray(), Bounds);
            return Read(document.RootElement, app, command);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // An escape such as \ud800 names no character.
            return CommandFault.Json;
        }
    }

    private static CommandFault? Read(JsonElement message, PusherApp app, Command command)
    {
        if (message.ValueKind != JsonValueKind.Object || Text(message, "event") is not { } name)
        {
            return Fault("event", "the message must be an object with the text \"event\"");
        }

        switch (name)
        {
            case "pusher:ping":
                command.Type = CommandType.Ping;
                return null;
            case "pusher:pong":
                command.Type = CommandType.Pong;
                return null;
            case "pusher:subscribe":
                return ReadChannel(message, app, command, CommandType.Subscribe);
            case "pusher:unsubscribe":
                return ReadChannel(message, app, command, CommandType.Unsubscribe);
            case "pusher:signin":
                command.Type = CommandType.Auth;
                return Data(message) is { } data ? ReadUser(data, command) : Fault("data", "data must be an object, or the text of one");
            default:
                return name.StartsWith(ClientEvent, StringComparison.Ordinal) ? ReadEvent(message, name, app, command) : Fault("event", $"the event {Shown(name)} is not known");
        }
    }

    private static CommandFault? ReadChannel(JsonElement message, PusherApp app, Command command, CommandType type)
    {
        command.Type = type;
        if (Data(message) is not { } data || Text(data, "channel") is not { } channel || !PusherApp.IsChannel(channel) || !ChannelName.IsValid(app.ToLog(channel)))
        {
            // No subscription can fail without its channel's name.
            command.Type = CommandType.Unknown;
            return Fault("channel", "a channel's name is 1 to 164 letters, digits and _ - @ .");
        }

        command.Target.Channel = app.ToLog(channel);
        command.Target.Presence = channel.StartsWith("presence-", StringComparison.Ordinal);
        command.Target.Last = IsCache(channel) ? 1 : null;
        return type == CommandType.Subscribe ? ReadProof(data, "channel_data", command) : null;
    }

    private static CommandFault? ReadUser(JsonElement data, Command command) =>
        ReadProof(data, "user_data", command)
        ?? (PusherMember.HasWatchlist(command.Target.Proof?.Text) ? Fault("user_data", "watchlists are not supported: sign in without \"watchlist\"") : null);

    private static CommandFault? ReadProof(JsonElement data, string textName, Command command)
    {
        var proof = new SignedText(Text(data, "auth"), Text(data, textName));
        command.Target.Proof = proof;
        return (proof.Signature?.Length ?? 0) + (proof.Text?.Length ?? 0) > LongestProof ? Fault(textName, "it is too long; at most 4 KB") : null;
    }

    private static CommandFault? ReadEvent(JsonElement message, string name, PusherApp app, Command command)
    {
        if (!EventName.IsValid(name))
        {
            return Fault("event", EventName.Rule);
        }

        var channel = Text(message, "channel") ?? "";
        if (!PusherApp.IsChannel(channel) || !(channel.StartsWith("private-", StringComparison.Ordinal) || channel.StartsWith("presence-", StringComparison.Ordinal)))
        {
            return Fault("channel", "events of clients go to private and presence channels alone");
        }

        if (channel.StartsWith("private-encrypted-", StringComparison.Ordinal))
        {
            return Fault("channel", "encrypted channels take no events of clients");
        }

        command.Type = CommandType.Publish;
        command.Target.Channel = app.ToLog(channel);
        command.Event = name;
        command.Except = true;
        command.Ephemeral = true;
        command.Data = message.TryGetProperty("data", out var data) ? Encoding.UTF8.GetBytes(OnOneLine(data)) : "null"u8.ToArray();
        return null;
    }

    private static string OnOneLine(JsonElement data) => JsonSerializer.Serialize(data, PusherJson.Default.JsonElement);

    // An object, or its text.
    private static JsonElement? Data(JsonElement message)
    {
        if (!message.TryGetProperty("data", out var data))
        {
            return null;
        }

        if (data.ValueKind != JsonValueKind.String)
        {
            return data.ValueKind == JsonValueKind.Object ? data : null;
        }

        using var inner = JsonDocument.Parse(data.GetString()!, Bounds);
        return inner.RootElement.ValueKind == JsonValueKind.Object ? inner.RootElement.Clone() : null;
    }

    private static string? Text(JsonElement data, string name) => data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private static CommandFault Fault(string field, string message) => CommandFault.Fields(new FieldFault(field, message));
}

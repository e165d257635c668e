using System.Text;
using System.Text.Json;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

using static Tidings.AspNetCore.Centrifuge.CentrifugeFields;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>Reads what clients of the Centrifuge protocol say in JSON: one command a line.</summary>
internal static class CentrifugeReader
{
    /// <summary>The error of what is asked for in the protocol and not done here.</summary>
    public const string NotAvailable = "not available";

    /// <summary>The method that an asynchronous message of a client calls.</summary>
    public const string Send = "send";

    private const int LongestMethod = 200;
    private const ulong MustRecover = 2;

    private static ReadOnlySpan<byte> Blank => " \t\r\n"u8;

    private static readonly JsonDocumentOptions Bounds = new() { MaxDepth = JsonPayload.MaxDepth };
    private static readonly CommandFault Fatal = new("bad request", []) { Ends = true };
    private static readonly CommandFault Unavailable = new(NotAvailable, []);

    private static readonly (string Name, Func<JsonElement, Command, CommandFault?> Read)[] Methods =
    [
        ("connect", ReadConnect), ("subscribe", ReadSubscribe), ("unsubscribe", ReadUnsubscribe), ("publish", ReadPublish), ("presence", ReadPresence), ("presence_stats", ReadStats),
        ("history", ReadHistory), ("rpc", ReadCall), (Send, ReadSend), ("refresh", ReadRefresh), ("sub_refresh", ReadSubRefresh),
    ];

    /// <summary>Reads the next line that is not empty.</summary>
    /// <param name="text">What is left of the message.</param>
    /// <param name="command">The command; a sign of life where there is no line any more.</param>
    /// <returns>What is wrong with it, or null.</returns>
    public static CommandFault? Read(ref ReadOnlySpan<byte> text, out Command command)
    {
        command = new Command { Type = CommandType.Pong };
        text = text.TrimStart(Blank);
        if (text.IsEmpty)
        {
            return null;
        }

        // From the front alone: what is left stays the end of the message.
        var end = text.IndexOf((byte)'\n');
        var line = end < 0 ? text : text[..end];
        text = end < 0 ? default : text[(end + 1)..].TrimStart(Blank);
        try
        {
            using var document = JsonDocument.Parse(line.ToArray(), Bounds);
            return Read(document.RootElement, command);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // An escape such as \ud800 names no character.
            return Fatal;
        }
    }

    private static CommandFault? Read(JsonElement line, Command command)
    {
        if (line.ValueKind != JsonValueKind.Object || !TryId(line, command))
        {
            return Fatal;
        }

        foreach (var (name, read) in Methods)
        {
            if (!line.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (command.Id.IsEmpty != (name == Send))
            {
                return Fatal;
            }

            command.Type = CommandType.Unknown;
            return value.ValueKind == JsonValueKind.Object ? read(value, command) : Fault(name, "must be an object");
        }

        return line.EnumerateObject().Any() ? Fatal : null;
    }

    private static CommandFault? ReadConnect(JsonElement value, Command command)
    {
        command.Type = CommandType.Open;
        if (!TryText(value, "token", out var token))
        {
            return Fatal;
        }

        command.Target.Token = token;
        if (!value.TryGetProperty("subs", out var subs) || subs.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (subs.ValueKind != JsonValueKind.Object)
        {
            return Fatal;
        }

        command.Targets = [];
        foreach (var sub in subs.EnumerateObject())
        {
            var target = new SubscribeRequest { Channel = sub.Name };
            if (sub.Value.ValueKind != JsonValueKind.Object || !TryRecover(sub.Value, target))
            {
                return Fatal;
            }

            command.Targets.Add(target);
        }

        return null;
    }

    private static CommandFault? ReadSubscribe(JsonElement value, Command command)
    {
        if (Channel(value, command, CommandType.Subscribe) is { } fault)
        {
            return fault;
        }

        if (!TryText(value, "token", out var token) || !TryFlag(value, "join_leave", out var joinLeave) || !TryNumber(value, "flag", out var flag)
            || !TryNumber(value, "type", out var type) || !TryText(value, "delta", out var delta) || !TryRecover(value, command.Target))
        {
            return Fault("subscribe", "a field has the wrong type");
        }

        if (type != 0 || (value.TryGetProperty("tf", out var filter) && filter.ValueKind != JsonValueKind.Null))
        {
            return Unavailable;
        }

        // Others than this kind are not confirmed, and publications come whole.
        if (delta == "fossil")
        {
            command.Word = CentrifugeDialect.Delta;
            command.Target.Changes = true;
        }

        command.Target.Token = token;
        command.Target.Presence = joinLeave;
        command.Target.MustRecover = (flag & MustRecover) != 0;
        return null;
    }

    private static CommandFault? ReadUnsubscribe(JsonElement value, Command command) => Channel(value, command, CommandType.Unsubscribe);

    private static CommandFault? ReadPublish(JsonElement value, Command command)
    {
        if (Channel(value, command, CommandType.Publish) is { } fault)
        {
            return fault;
        }

        command.Data = Data(value);
        if (value.TryGetProperty(CentrifugePublications.Bytes, out var encoded))
        {
            command.Bytes = encoded.ValueKind == JsonValueKind.String && encoded.TryGetBytesFromBase64(out var bytes) ? bytes : default(ReadOnlyMemory<byte>?);
        }

        return !TryNumber(value, "type", out var type) ? Fault("type", "must be a number")
            : type != 0 ? Unavailable
            : command.Data.IsEmpty == command.Bytes is null ? Fault("data", "is missing") : null;
    }

    private static CommandFault? ReadPresence(JsonElement value, Command command) => Channel(value, command, CommandType.Presence);

    private static CommandFault? ReadStats(JsonElement value, Command command)
    {
        command.Word = CentrifugeDialect.Stats;
        return Channel(value, command, CommandType.Presence);
    }

    private static CommandFault? ReadHistory(JsonElement value, Command command)
    {
        if (Channel(value, command, CommandType.History) is { } fault)
        {
            return fault;
        }

        StreamPosition? since = null;
        if (!TryLimit(value, out var limit) || !TryFlag(value, "reverse", out var reverse)
            || (value.TryGetProperty("since", out var position) && position.ValueKind != JsonValueKind.Null && !TryPosition(position, out since)))
        {
            return Fault("history", "a field has the wrong type");
        }

        command.Limit = limit;
        command.Word = reverse ? CentrifugeDialect.Reverse : null;
        command.Before = reverse ? since : null;
        command.Target.Since = reverse ? null : since;
        command.Target.Last = reverse && since is null ? limit : null;
        command.FromOldest = !reverse && since is null;
        return null;
    }

    private static CommandFault? ReadCall(JsonElement value, Command command)
    {
        command.Type = CommandType.Call;
        if (!TryText(value, "method", out var method) || method?.Length > LongestMethod)
        {
            return Fault("method", $"must be a text of at most {LongestMethod} characters");
        }

        command.Method = method;
        command.Data = Data(value) is { IsEmpty: false } data ? data : "null"u8.ToArray();
        return method is null ? Unavailable : null;
    }

    private static CommandFault? ReadSend(JsonElement value, Command command)
    {
        command.Type = CommandType.Call;
        command.Method = Send;
        command.Data = Data(value) is { IsEmpty: false } data ? data : "null"u8.ToArray();
        return null;
    }

    private static CommandFault? ReadRefresh(JsonElement value, Command command)
    {
        command.Type = CommandType.Auth;
        var valid = TryText(value, "token", out var token);
        command.Target.Token = token;
        return valid && token is not null ? null : Fault("token", "must be a text");
    }

    private static CommandFault? ReadSubRefresh(JsonElement value, Command command)
    {
        command.Word = CentrifugeDialect.SubRefresh;
        if (Channel(value, command, CommandType.Subscribe) is { } fault)
        {
            return fault;
        }

        command.Target.OnlyRenews = true;
        var valid = TryText(value, "token", out var token) & TryNumber(value, "type", out var type);
        command.Target.Token = token;
        return type != 0 ? Unavailable : valid && token is not null ? null : Fault("token", "must be a text");
    }

    private static CommandFault? Channel(JsonElement value, Command command, CommandType type)
    {
        command.Type = type;
        if (!TryText(value, "channel", out var channel) || channel is null || !ChannelName.IsValid(channel))
        {
            return Fault("channel", "must be the name of a channel: 1 to 255 bytes, letters, digits and _ . : - @");
        }

        command.Target.Channel = channel;
        return null;
    }

    private static bool TryId(JsonElement line, Command command)
    {
        if (!line.TryGetProperty("id", out var id) || id.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        if (id.ValueKind != JsonValueKind.Number || !id.TryGetUInt32(out var number))
        {
            return false;
        }

        command.Id = number == 0 ? default : Encoding.ASCII.GetBytes(number.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return true;
    }

    private static bool TryRecover(JsonElement value, SubscribeRequest target)
    {
        if (!TryFlag(value, "recover", out var recover) || !TryPosition(value, out var position))
        {
            return false;
        }

        target.Since = recover ? position : null;
        return true;
    }

    private static CommandFault Fault(string field, string message) => CommandFault.Fields(new FieldFault(field, message));
}

using System.Text.Json;

namespace Tidings.Protocol.Commands;

/// <summary>Reads commands: JSON objects of at most 64 levels, each known field once and of its type. Unknown fields are passed over.</summary>
internal static partial class CommandReader
{
    private const int LongestId = 64;
    private const int LongestToken = 8 * 1024;
    private const int MostChannels = 1000;

    /// <returns>Null where <paramref name="command"/> is sound; its type and id are set where they could be read.</returns>
    public static CommandFault? Read(ReadOnlySpan<byte> json, out Command command)
    {
        command = new Command();
        return Read(json, command, Fields.None);
    }

    private static CommandFault? Read(ReadOnlySpan<byte> json, Command command, Fields seen)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            return ReadObject(ref reader, json, command, seen);
        }
        catch (JsonException)
        {
            return CommandFault.Json;
        }
        catch (InvalidOperationException)
        {
            // An escape that names no character, as \ud800 alone.
            return CommandFault.Json;
        }
    }

    private static CommandFault? ReadObject(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Command command, Fields seen = Fields.None)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            // It must still be JSON to be a message of the wrong form.
            reader.Skip();
            reader.Read();
            return CommandFault.Fields(new FieldFault("", "must be an object"));
        }

        List<FieldFault>? faults = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = CommandFields.Find(ref reader);
            reader.Read();
            if (field == Fields.None)
            {
                reader.Skip();
                continue;
            }

            if ((seen & field) != 0)
            {
                (faults ??= []).Add(new FieldFault(CommandFields.NameOf(field), "occurs twice"));
                reader.Skip();
                continue;
            }

            seen |= field;
            if (ReadField(ref reader, json, field, command) is { } wrong)
            {
                (faults ??= []).Add(new FieldFault(CommandFields.NameOf(field), wrong));
            }
        }

        // Anything behind the object throws.
        reader.Read();
        CommandFields.Require(command, seen, ref faults);
        return faults is null ? null : CommandFault.Fields(faults);
    }

    private static string? ReadField(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Fields field, Command command)
    {
        string? text = null;
        string? wrong;
        switch (field)
        {
            case Fields.Type:
                return CommandFields.ReadType(ref reader, command);
            case Fields.Id:
                return ReadId(ref reader, json, command);
            case Fields.Data or Fields.Params:
                command.Data = RawValue(ref reader, json);
                return null;
            case Fields.Data64:
                return ReadBytes(ref reader, command);
            case Fields.Channels:
                return ReadChannels(ref reader, json, command);
            case Fields.Key:
                wrong = ReadText(ref reader, MessageKey.MaxBytes, ref text);
                command.Key = text;
                return wrong;
            case Fields.Event:
                wrong = ReadText(ref reader, EventName.MaxBytes, ref text);
                command.Event = text;
                return wrong is not null || EventName.IsValid(text) ? wrong : EventName.Rule;
            case Fields.IdempotencyKey:
                wrong = ReadText(ref reader, MessageKey.MaxBytes, ref text);
                command.IdempotencyKey = text;
                return wrong;
            case Fields.To:
                wrong = ReadText(ref reader, ChannelName.MaxBytes, ref text);
                command.To = text;
                return wrong;
            case Fields.User or Fields.Connection:
                // Of other commands these are unknown fields, whatever they hold.
                wrong = ReadText(ref reader, ChannelName.MaxBytes, ref text);
                command.To ??= wrong is null ? text : null;
                return null;
            case Fields.Method:
                wrong = ReadText(ref reader, MessageKey.MaxBytes, ref text);
                command.Method = text;
                return wrong;
            case Fields.Limit:
                wrong = ReadNumber(ref reader, 0, int.MaxValue, out var limit);
                command.Limit = wrong is null ? (int)limit : null;
                return wrong;
            case Fields.Before:
                wrong = ReadPosition(ref reader, out var before);
                command.Before = before;
                return wrong;
            case Fields.Durable:
                command.Durable = reader.TokenType == JsonTokenType.True;
                return ReadFlag(ref reader);
            case Fields.Ephemeral:
                command.Ephemeral = reader.TokenType == JsonTokenType.True;
                return ReadFlag(ref reader);
            case Fields.Remove:
                command.Remove = reader.TokenType == JsonTokenType.True;
                return ReadFlag(ref reader);
            case Fields.Except:
                command.Except = reader.TokenType == JsonTokenType.True;
                return ReadFlag(ref reader);
            default:
                return ReadTargetField(ref reader, json, field, command.Target);
        }
    }

    private static string? ReadTargetField(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Fields field, SubscribeRequest target)
    {
        switch (field)
        {
            case Fields.Channel:
                string? name = null;
                if (ReadText(ref reader, ChannelName.MaxBytes, ref name) is { } wrong)
                {
                    return wrong;
                }

                target.Channel = name!;
                return ChannelName.IsValid(name) ? null : "is no channel name";
            case Fields.Since:
                var unread = ReadPosition(ref reader, out var since);
                target.Since = since;
                return unread;
            case Fields.Token:
                string? token = null;
                var refused = ReadText(ref reader, LongestToken, ref token);
                target.Token = token;
                return refused;
            case Fields.Info:
                var unfit = ReadInfo(ref reader, json, out var info);
                target.Info = info;
                return unfit;
            case Fields.Last:
                var fault = ReadNumber(ref reader, 0, int.MaxValue, out var last);
                target.Last = fault is null ? (int)last : null;
                return fault;
            case Fields.Occupancy:
                target.Occupancy = reader.TokenType == JsonTokenType.True;
                return ReadFlag(ref reader);
            case Fields.Presence:
                target.Presence = reader.TokenType == JsonTokenType.True;
                return ReadFlag(ref reader);
            case Fields.State:
                target.State = reader.TokenType == JsonTokenType.True;
                return ReadFlag(ref reader);
            default:
                target.Conflate = reader.TokenType == JsonTokenType.True;
                return ReadFlag(ref reader);
        }
    }

    private static string? ReadChannels(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Command command)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return "must be an array";
        }

        command.Targets = [];
        string? wrong = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject || command.Targets.Count == MostChannels)
            {
                wrong ??= $"must hold at most {MostChannels} objects";
                reader.Skip();
                continue;
            }

            var target = new SubscribeRequest();
            var fault = ReadTarget(ref reader, json, target);
            wrong ??= fault;
            command.Targets.Add(target);
        }

        return wrong ?? (command.Targets.Count == 0 ? "must not be empty" : null);
    }

    private static string? ReadTarget(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, SubscribeRequest target)
    {
        const Fields Known = Fields.Channel | Fields.Since | Fields.Last | Fields.Presence | Fields.Conflate | Fields.State | Fields.Token | Fields.Info | Fields.Occupancy;
        var seen = Fields.None;
        string? wrong = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = CommandFields.Find(ref reader) & Known;
            reader.Read();
            if (field == Fields.None)
            {
                reader.Skip();
                continue;
            }

            var fault = (seen & field) != 0 ? "occurs twice" : ReadTargetField(ref reader, json, field, target);
            if ((seen & field) != 0)
            {
                reader.Skip();
            }

            seen |= field;
            wrong ??= fault is null ? null : $"{CommandFields.NameOf(field)} {fault}";
        }

        wrong ??= (seen & Fields.Channel) == 0 ? "channel is missing" : null;
        return wrong ?? (target is { Since: not null, Last: not null } ? "has both since and last" : null);
    }
}

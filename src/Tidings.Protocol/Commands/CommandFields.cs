using System.Text;
using System.Text.Json;

namespace Tidings.Protocol.Commands;

/// <summary>The fields that commands have.</summary>
[Flags]
internal enum Fields
{
    None = 0,
    Type = 1 << 0,
    Id = 1 << 1,
    Channel = 1 << 2,
    Channels = 1 << 3,
    Since = 1 << 4,
    Last = 1 << 5,
    Presence = 1 << 6,
    Conflate = 1 << 7,
    Data = 1 << 8,
    Key = 1 << 9,
    IdempotencyKey = 1 << 10,
    Durable = 1 << 11,
    Ephemeral = 1 << 12,
    To = 1 << 13,
    Method = 1 << 14,
    Params = 1 << 15,
    Token = 1 << 16,
    Limit = 1 << 17,

    // The server API's names of a receiver, which a send may have in the place of `to`.
    User = 1 << 18,
    Connection = 1 << 19,

    Event = 1 << 20,
    Except = 1 << 21,
    Before = 1 << 22,
    Info = 1 << 23,
    Occupancy = 1 << 24,
    State = 1 << 25,
    Remove = 1 << 26,
    Data64 = 1 << 27,
}

/// <summary>Names of fields and types, and which type needs which field.</summary>
internal static class CommandFields
{
    private const Fields Receivers = Fields.To | Fields.User | Fields.Connection;

    // Fields that some commands have, whatever they hold elsewhere.
    private static readonly (Fields Field, CommandType[] Types)[] Own =
    [
        (Fields.Event, [CommandType.Publish]),
        (Fields.Except, [CommandType.Publish]),
        (Fields.Remove, [CommandType.Publish]),
        (Fields.Data64, [CommandType.Publish]),
        (Fields.Before, [CommandType.History]),
        (Fields.Info, [CommandType.Subscribe, CommandType.Track]),
        (Fields.Occupancy, [CommandType.Subscribe]),
        (Fields.State, [CommandType.Subscribe]),
    ];

    private static readonly (byte[] Name, Fields Field)[] Names =
        [.. Enum.GetValues<Fields>().Where(field => field != Fields.None).Select(field => (Encoding.UTF8.GetBytes(NameOf(field)), field))];

    private static readonly (byte[] Name, CommandType Type)[] Types =
        [.. Enum.GetValues<CommandType>().Where(type => type is not (CommandType.Unknown or CommandType.Open)).Select(type => (Encoding.UTF8.GetBytes(type.ToString().ToLowerInvariant()), type))];

    /// <summary>The field's name on the wire.</summary>
    public static string NameOf(Fields field)
    {
        var name = field.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    /// <summary>The field whose name the reader stands on.</summary>
    public static Fields Find(ref Utf8JsonReader reader)
    {
        foreach (var (name, field) in Names)
        {
            if (reader.ValueTextEquals(name))
            {
                return field;
            }
        }

        return Fields.None;
    }

    public static string? ReadType(ref Utf8JsonReader reader, Command command)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return "must be a string";
        }

        foreach (var (name, type) in Types)
        {
            if (reader.ValueTextEquals(name))
            {
                command.Type = type;
                return null;
            }
        }

        return "is no command";
    }

    /// <summary>Adds what is missing, or must not stand together.</summary>
    public static void Require(Command command, Fields seen, ref List<FieldFault>? faults)
    {
        if ((seen & Fields.Type) == 0)
        {
            (faults ??= []).Add(new FieldFault("type", "is missing"));
            return;
        }

        if (faults is not null)
        {
            PassOver(command.Type, ref faults);
        }

        var needed = command.Type switch
        {
            CommandType.Auth => Fields.Token,
            CommandType.Subscribe when (seen & Fields.Channels) != 0 => Fields.Channels,
            CommandType.Subscribe or CommandType.Unsubscribe or CommandType.Presence or CommandType.History => Fields.Channel,
            CommandType.Publish when command.Remove => Fields.Channel | Fields.Key,
            CommandType.Publish => Fields.Channel | ((seen & Fields.Data64) == 0 ? Fields.Data : Fields.None),
            CommandType.Track => Fields.Channel | Fields.Info,
            CommandType.Send => (command.To is null && (seen & Fields.To) == 0 ? Fields.To : Fields.None) | Fields.Data,
            CommandType.Call => Fields.Method,
            _ => Fields.None,
        };
        for (var missing = needed & ~seen; missing != Fields.None; missing &= missing - 1)
        {
            (faults ??= []).Add(new FieldFault(NameOf(missing & (Fields)(-(int)missing)), "is missing"));
        }

        if (command.Type == CommandType.Send && (seen & Receivers) == (Fields.User | Fields.Connection))
        {
            (faults ??= []).Add(new FieldFault("user", "must not stand beside connection"));
        }

        if ((seen & Fields.Since) != 0 && (seen & Fields.Last) != 0)
        {
            (faults ??= []).Add(new FieldFault("since", "must not stand beside last"));
        }

        if (command.Type == CommandType.History && (seen & Fields.Before) != 0 && (seen & (Fields.Since | Fields.Last)) != 0)
        {
            (faults ??= []).Add(new FieldFault("before", "must not stand beside since or last"));
        }

        if (command.Type == CommandType.Subscribe && (seen & Fields.Channel) != 0 && (seen & Fields.Channels) != 0)
        {
            (faults ??= []).Add(new FieldFault("channels", "must not stand beside channel"));
        }

        if (command.Type == CommandType.Subscribe && (seen & Fields.Token) != 0 && (seen & Fields.Channels) != 0)
        {
            (faults ??= []).Add(new FieldFault("token", "must not stand beside channels; each of them may have its own"));
        }

        if (command.Type == CommandType.Subscribe && (seen & Fields.Info) != 0 && (seen & Fields.Channels) != 0)
        {
            (faults ??= []).Add(new FieldFault("info", "must not stand beside channels; each of them may have its own"));
        }

        if (command is { Type: CommandType.Publish, Remove: true } && (command.Ephemeral || (seen & (Fields.Data | Fields.Data64 | Fields.Event)) != 0))
        {
            (faults ??= []).Add(new FieldFault("remove", "must not stand beside data, event or ephemeral"));
        }
        else if (command.Type == CommandType.Publish && (seen & Fields.Data) != 0 && (seen & Fields.Data64) != 0)
        {
            (faults ??= []).Add(new FieldFault("data", "must not stand beside a binary payload"));
        }

        if (command is { Durable: true, Ephemeral: true })
        {
            (faults ??= []).Add(new FieldFault("durable", "must not stand beside ephemeral"));
        }
    }

    // A client may name a field of its own as another command does.
    private static void PassOver(CommandType type, ref List<FieldFault>? faults)
    {
        faults!.RemoveAll(fault => Array.Exists(Own, own => !own.Types.Contains(type) && NameOf(own.Field) == fault.Field));
        faults = faults.Count == 0 ? null : faults;
    }
}

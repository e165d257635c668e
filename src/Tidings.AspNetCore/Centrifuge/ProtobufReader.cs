using System.Text.Json;
using System.Text.Unicode;
using Tidings.Messages;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>Turns a Protobuf message of the schema into the JSON that says the same. Lengths are checked against what is there before anything is done with them.</summary>
internal static class ProtobufReader
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;
    private const int Fixed32 = 5;

    /// <summary>Takes the next message, with its length before it, off the front.</summary>
    /// <returns>False where it is not there whole.</returns>
    public static bool TryTake(scoped ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> message)
    {
        message = default;
        if (!TryNumber(ref bytes, out var length) || length > (ulong)bytes.Length)
        {
            return false;
        }

        message = bytes[..(int)length];
        bytes = bytes[(int)length..];
        return true;
    }

    /// <summary>Takes the next field, whose value has its length before it, off the front.</summary>
    /// <returns>False where it is not there whole, or of another kind.</returns>
    public static bool TryTakeField(scoped ref ReadOnlySpan<byte> bytes, out int number, out ReadOnlySpan<byte> value)
    {
        value = default;
        number = 0;
        if (!TryNumber(ref bytes, out var tag) || tag > uint.MaxValue || tag >> 3 == 0 || (tag & 7) != Delimited)
        {
            return false;
        }

        number = (int)(tag >> 3);
        return TryTake(ref bytes, out value);
    }

    /// <summary>Writes the fields of a message as an object.</summary>
    /// <returns>False where it is malformed; then what was written is of no use.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> message, SchemaMessage type, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        List<(SchemaField Field, int Start, int End)>? entries = null;
        var whole = message;
        while (!message.IsEmpty)
        {
            if (!TryNumber(ref message, out var tag) || tag > uint.MaxValue || tag >> 3 == 0)
            {
                return false;
            }

            var (field, wire) = (type.Find((int)(tag >> 3)), (int)(tag & 7));
            if (wire == Delimited)
            {
                if (!TryTake(ref message, out var value))
                {
                    return false;
                }

                // All entries of a map are one object, wherever they stand.
                if (field is { Kind: FieldKind.Map })
                {
                    var end = whole.Length - message.Length;
                    (entries ??= []).Add((field, end - value.Length, end));
                }
                else if (field is not null && !TryWrite(value, field, json))
                {
                    return false;
                }
            }
            else if (!TryWriteNumber(ref message, wire, field, json))
            {
                return false;
            }
        }

        foreach (var map in entries?.GroupBy(static entry => entry.Field) ?? [])
        {
            json.WriteStartObject(map.Key.Name);
            foreach (var (_, start, end) in map)
            {
                if (!TryWriteEntry(whole[start..end], map.Key.Type!, json))
                {
                    return false;
                }
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        return true;
    }

    private static bool TryWrite(ReadOnlySpan<byte> value, SchemaField field, Utf8JsonWriter json)
    {
        switch (field.Kind)
        {
            case FieldKind.Text:
                if (!Utf8.IsValid(value))
                {
                    return false;
                }

                json.WriteString(field.Name, value);
                return true;
            case FieldKind.Json:
                // What is no JSON is as good as absent, and refused where it is needed. A line break cannot stand inside a command.
                if (JsonPayload.Copy(value) is { } copy)
                {
                    json.WritePropertyName(field.Name);
                    json.WriteRawValue(copy, skipInputValidation: true);
                }

                return true;
            case FieldKind.JsonOrBytes:
                if (JsonPayload.Copy(value) is { } one)
                {
                    json.WritePropertyName(field.Name);
                    json.WriteRawValue(one, skipInputValidation: true);
                }
                else if (!value.IsEmpty)
                {
                    json.WriteBase64String(CentrifugePublications.Bytes, value);
                }

                return true;
            case FieldKind.Presence:
                json.WriteBoolean(field.Name, true);
                return true;
            case FieldKind.Message:
                json.WritePropertyName(field.Name);
                return TryWrite(value, field.Type!, json);
            default:
                return false;
        }
    }

    private static bool TryWriteNumber(ref ReadOnlySpan<byte> message, int wire, SchemaField? field, Utf8JsonWriter json)
    {
        switch (wire)
        {
            case Varint when TryNumber(ref message, out var number):
                switch (field?.Kind)
                {
                    case null:
                        return true;
                    case FieldKind.Number:
                        json.WriteNumber(field.Name, number);
                        return true;
                    case FieldKind.Signed:
                        json.WriteNumber(field.Name, (long)number);
                        return true;
                    case FieldKind.Flag:
                        json.WriteBoolean(field.Name, number != 0);
                        return true;
                    default:
                        return false;
                }

            case Fixed64 or Fixed32 when field is null && message.Length >= (wire == Fixed64 ? sizeof(ulong) : sizeof(uint)):
                message = message[(wire == Fixed64 ? sizeof(ulong) : sizeof(uint))..];
                return true;
            default:
                return false;
        }
    }

    private static bool TryWriteEntry(ReadOnlySpan<byte> entry, SchemaMessage type, Utf8JsonWriter json)
    {
        ReadOnlySpan<byte> name = default;
        ReadOnlySpan<byte> value = default;
        while (!entry.IsEmpty)
        {
            if (!TryNumber(ref entry, out var tag) || (tag & 7) != Delimited || !TryTake(ref entry, out var part))
            {
                return false;
            }

            name = tag >> 3 == 1 ? part : name;
            value = tag >> 3 == 2 ? part : value;
        }

        if (!Utf8.IsValid(name))
        {
            return false;
        }

        json.WritePropertyName(name);
        return TryWrite(value, type, json);
    }

    private static bool TryNumber(scoped ref ReadOnlySpan<byte> bytes, out ulong number)
    {
        const int Longest = 10;
        number = 0;
        for (var i = 0; i < bytes.Length && i < Longest; i++)
        {
            // Of the tenth byte one bit is left.
            if (i == Longest - 1 && bytes[i] > 1)
            {
                return false;
            }

            number |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}

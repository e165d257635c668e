using System.Buffers;
using System.Text.Json;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>Turns JSON of our own into the Protobuf message of the schema that says the same.</summary>
internal static class ProtobufWriter
{
    private const int Varint = 0;
    private const int Delimited = 2;

    /// <summary>The message that a JSON object is, with its length before it.</summary>
    public static byte[] Write(ReadOnlySpan<byte> json, SchemaMessage type)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 80 });
        reader.Read();
        var message = new ArrayBufferWriter<byte>(json.Length + 16);
        WriteFields(ref reader, json, type, message);
        var framed = new ArrayBufferWriter<byte>(message.WrittenCount + 10);
        WriteBytes(message.WrittenSpan, framed);
        return framed.WrittenSpan.ToArray();
    }

    // The reader stands on the beginning of an object, and afterwards on its end.
    private static void WriteFields(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, SchemaMessage type, ArrayBufferWriter<byte> output)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (type.Find(ref reader) is { } field)
            {
                reader.Read();
                WriteField(ref reader, json, field, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void WriteField(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, SchemaField field, ArrayBufferWriter<byte> output)
    {
        switch (field.Kind)
        {
            case FieldKind.Number or FieldKind.Signed:
                WriteTag(field.Number, Varint, output);
                WriteNumber((ulong)reader.GetInt64(), output);
                break;
            case FieldKind.Flag:
                WriteTag(field.Number, Varint, output);
                WriteNumber(reader.GetBoolean() ? 1UL : 0, output);
                break;
            case FieldKind.Text:
                WriteTag(field.Number, Delimited, output);
                WriteText(ref reader, output);
                break;
            case FieldKind.Json:
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                WriteTag(field.Number, Delimited, output);
                WriteBytes(json[start..(int)reader.BytesConsumed], output);
                break;
            case FieldKind.Bytes:
                WriteTag(field.Number, Delimited, output);
                WriteBytes(reader.GetBytesFromBase64(), output);
                break;
            case FieldKind.Message:
                WriteMessage(ref reader, json, field.Number, field.Type!, output);
                break;
            case FieldKind.List:
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    WriteMessage(ref reader, json, field.Number, field.Type!, output);
                }

                break;
            case FieldKind.Map:
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    WriteEntry(ref reader, json, field, output);
                }

                break;
        }
    }

    private static void WriteMessage(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, int number, SchemaMessage type, ArrayBufferWriter<byte> output)
    {
        var message = new ArrayBufferWriter<byte>();
        WriteFields(ref reader, json, type, message);
        WriteTag(number, Delimited, output);
        WriteBytes(message.WrittenSpan, output);
    }

    private static void WriteEntry(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, SchemaField field, ArrayBufferWriter<byte> output)
    {
        var entry = new ArrayBufferWriter<byte>();
        WriteTag(1, Delimited, entry);
        WriteText(ref reader, entry);
        reader.Read();
        if (field.Type is { } type)
        {
            WriteMessage(ref reader, json, 2, type, entry);
        }
        else
        {
            WriteTag(2, Delimited, entry);
            WriteText(ref reader, entry);
        }

        WriteTag(field.Number, Delimited, output);
        WriteBytes(entry.WrittenSpan, output);
    }

    private static void WriteText(ref Utf8JsonReader reader, ArrayBufferWriter<byte> output)
    {
        if (!reader.ValueIsEscaped)
        {
            WriteBytes(reader.ValueSpan, output);
            return;
        }

        var text = new byte[reader.ValueSpan.Length];
        WriteBytes(text.AsSpan(0, reader.CopyString(text)), output);
    }

    private static void WriteTag(int number, int wire, ArrayBufferWriter<byte> output) => WriteNumber((ulong)((number << 3) | wire), output);

    private static void WriteBytes(ReadOnlySpan<byte> bytes, ArrayBufferWriter<byte> output)
    {
        WriteNumber((ulong)bytes.Length, output);
        output.Write(bytes);
    }

    private static void WriteNumber(ulong number, ArrayBufferWriter<byte> output)
    {
        var bytes = output.GetSpan(10);
        var length = 0;
        for (; number >= 0x80; number >>= 7)
        {
            bytes[length++] = (byte)(number | 0x80);
        }

        bytes[length++] = (byte)number;
        output.Advance(length);
    }
}

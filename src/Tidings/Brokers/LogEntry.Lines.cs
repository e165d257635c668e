using System.Collections.Frozen;
using System.Text.Json;
using Tidings.Diagnostics;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Brokers;

/// <content>Reading the line before the data.</content>
internal static partial class LogEntry
{
    private const int LongestName = 512;
    private const int MostExcepted = 1000;
    private const int LongestHidden = 64 << 10;

    private static bool TryReadLine(ReadOnlySpan<byte> json, out Line line)
    {
        line = default;
        if (json.SequenceEqual("{}"u8))
        {
            return true;
        }

        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 2 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!TryReadProperty(ref reader, ref line))
                {
                    return false;
                }
            }

            return reader.TokenType == JsonTokenType.EndObject && !reader.Read();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool TryReadProperty(ref Utf8JsonReader reader, ref Line line)
    {
        if (reader.ValueTextEquals("from"u8))
        {
            return TryReadName(ref reader, out line.From);
        }

        if (reader.ValueTextEquals("key"u8))
        {
            return TryReadName(ref reader, out line.Key);
        }

        if (reader.ValueTextEquals("connection"u8))
        {
            return TryReadName(ref reader, out line.Connection);
        }

        if (reader.ValueTextEquals("name"u8))
        {
            return TryReadName(ref reader, out line.Name) && EventName.IsValid(line.Name);
        }

        if (reader.ValueTextEquals("text"u8))
        {
            return TryReadKind(ref reader, DataKind.Text, ref line);
        }

        if (reader.ValueTextEquals("binary"u8))
        {
            return TryReadKind(ref reader, DataKind.Binary, ref line);
        }

        if (reader.ValueTextEquals("event"u8))
        {
            reader.Read();
            line.Kind = reader.ValueTextEquals("join"u8) ? MessageKind.Join
                : reader.ValueTextEquals("leave"u8) ? MessageKind.Leave
                : reader.ValueTextEquals("update"u8) ? MessageKind.Update
                : MessageKind.Message;
            return line.Kind != MessageKind.Message;
        }

        if (reader.ValueTextEquals("remove"u8))
        {
            line.Kind = MessageKind.KeyRemoval;
            return reader.Read() && reader.TokenType == JsonTokenType.True;
        }

        if (reader.ValueTextEquals("removed"u8))
        {
            line.Kind = MessageKind.Removed;
            return reader.Read() && reader.TokenType == JsonTokenType.True;
        }

        if (reader.ValueTextEquals("hidden"u8))
        {
            reader.Read();
            if (!reader.TryGetBytesFromBase64(out var hidden) || hidden.Length > LongestHidden)
            {
                return false;
            }

            line.Hidden = hidden;
            return true;
        }

        if (reader.ValueTextEquals("except"u8))
        {
            return TryReadExcept(ref reader, hasUsers: true, out line.Except);
        }

        if (reader.ValueTextEquals("skip"u8))
        {
            return TryReadExcept(ref reader, hasUsers: false, out line.Except);
        }

        if (reader.ValueTextEquals("trace"u8))
        {
            // One that cannot be read is worth no message.
            reader.Read();
            line.Trace = reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length == Tracing.ContextLength ? Tracing.Valid(reader.GetString()) : null;
            return reader.TrySkip();
        }

        // What a later version may add.
        return reader.Read() && reader.TrySkip();
    }

    private static bool TryReadKind(ref Utf8JsonReader reader, DataKind kind, ref Line line)
    {
        var isFirst = line.Data is DataKind.Json;
        line.Data = kind;
        return isFirst && reader.Read() && reader.TokenType == JsonTokenType.True;
    }

    private static bool TryReadName(ref Utf8JsonReader reader, out string? name)
    {
        name = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.String || reader.ValueSpan.Length > 6 * LongestName)
        {
            return false;
        }

        name = reader.GetString()!;
        return name.Length <= LongestName;
    }

    private static bool TryReadExcept(ref Utf8JsonReader reader, bool hasUsers, out ExceptList? except)
    {
        except = null;
        var names = new List<string>();
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        while (TryReadName(ref reader, out var name))
        {
            names.Add(name!);
            if (names.Count > MostExcepted)
            {
                return false;
            }
        }

        except = new ExceptList(names.ToFrozenSet(StringComparer.Ordinal), hasUsers);
        return reader.TokenType == JsonTokenType.EndArray;
    }

    private struct Line
    {
        public string? From;
        public string? Connection;
        public string? Key;
        public string? Name;
        public DataKind Data;
        public MessageKind Kind;
        public ExceptList? Except;
        public ReadOnlyMemory<byte>? Hidden;
        public string? Trace;
    }
}

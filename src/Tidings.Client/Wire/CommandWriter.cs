using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.Client.Wire;

/// <summary>Writes commands as the wire has them (docs/protocol.md).</summary>
internal static class CommandWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly ReadOnlyMemory<byte> Pong = """{"type":"pong"}"""u8.ToArray();
    public static readonly ReadOnlyMemory<byte> Ping = """{"type":"ping"}"""u8.ToArray();

    /// <summary>One command, begun with its <c>type</c> and <c>id</c>.</summary>
    public static byte[] Write(string type, long id, Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        writer.WriteString("type"u8, type);
        writer.WriteNumber("id"u8, id);
        fields(writer);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A command with a binary payload, as JSON.</summary>
    public static byte[] WithPayload(ReadOnlySpan<byte> command, ReadOnlySpan<byte> payload)
    {
        var name = ",\"data64\":\""u8;
        var json = new byte[command.Length + name.Length + Base64.GetMaxEncodedToUtf8Length(payload.Length) + 1];
        command[..^1].CopyTo(json);
        name.CopyTo(json.AsSpan(command.Length - 1));
        Base64.EncodeToUtf8(payload, json.AsSpan(command.Length - 1 + name.Length), out _, out _);
        "\"}"u8.CopyTo(json.AsSpan(json.Length - 2));
        return json;
    }

    /// <summary>A command with a binary payload, as the message of a binary frame.</summary>
    public static byte[] Binary(ReadOnlySpan<byte> command, ReadOnlySpan<byte> payload)
    {
        var message = new byte[command.Length + 1 + payload.Length];
        command.CopyTo(message);
        message[command.Length] = (byte)'\n';
        payload.CopyTo(message.AsSpan(command.Length + 1));
        return message;
    }

    /// <param name="writer">Where to write.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="data">JSON; empty where the payload is binary and stands elsewhere.</param>
    /// <param name="options">How.</param>
    /// <param name="idempotencyKey">The key, or null.</param>
    public static void Publish(Utf8JsonWriter writer, string channel, ReadOnlySpan<byte> data, PublishOptions options, string? idempotencyKey)
    {
        writer.WriteString("channel"u8, channel);
        if (!data.IsEmpty)
        {
            Raw(writer, "data"u8, data);
        }

        if (options.Event is { } name)
        {
            writer.WriteString("event"u8, name);
        }

        if (options.Key is { } key)
        {
            writer.WriteString("key"u8, key);
        }

        if (idempotencyKey is not null)
        {
            writer.WriteString("idempotencyKey"u8, idempotencyKey);
        }

        True(writer, "durable"u8, options.Durable);
        True(writer, "ephemeral"u8, options.Ephemeral);
        True(writer, "except"u8, options.Except);
    }

    public static void RemoveKey(Utf8JsonWriter writer, string channel, string key, string idempotencyKey)
    {
        writer.WriteString("channel"u8, channel);
        writer.WriteString("key"u8, key);
        writer.WriteBoolean("remove"u8, true);
        writer.WriteString("idempotencyKey"u8, idempotencyKey);
    }

    public static void Subscribe(Utf8JsonWriter writer, string channel, ChannelWish wish, string? token = null)
    {
        writer.WriteString("channel"u8, channel);
        Token(writer, token);
        if (wish.Since is { } position)
        {
            Position(writer, "since"u8, position);
        }
        else if (wish.Last > 0)
        {
            writer.WriteNumber("last"u8, wish.Last);
        }

        True(writer, "presence"u8, wish.Presence);
        True(writer, "occupancy"u8, wish.Occupancy);
        if (wish.Info is { IsEmpty: false } info)
        {
            Raw(writer, "info"u8, info.Span);
        }

        True(writer, "conflate"u8, wish.Conflate);
        True(writer, "state"u8, wish.State);
    }

    public static void Track(Utf8JsonWriter writer, string channel, ReadOnlySpan<byte> info)
    {
        writer.WriteString("channel"u8, channel);
        Raw(writer, "info"u8, info.IsEmpty ? "null"u8 : info);
    }

    public static void History(Utf8JsonWriter writer, string channel, HistoryOptions options, string? token = null)
    {
        writer.WriteString("channel"u8, channel);
        Token(writer, token);
        if (options.Before is { } before)
        {
            Position(writer, "before"u8, before);
        }
        else if (options.Since is { } position)
        {
            Position(writer, "since"u8, position);
        }
        else if (options.Last is { } last)
        {
            writer.WriteNumber("last"u8, last);
        }

        if (options.Limit is { } limit)
        {
            writer.WriteNumber("limit"u8, limit);
        }
    }

    /// <summary>A token that grants the channel, where there is one.</summary>
    public static void Token(Utf8JsonWriter writer, string? token)
    {
        if (token is not null)
        {
            writer.WriteString("token"u8, token);
        }
    }

    /// <summary>A value that is JSON already; checked, since it is the caller's.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static void Raw(Utf8JsonWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(json);
    }

    private static void Position(Utf8JsonWriter writer, ReadOnlySpan<byte> name, StreamPosition position)
    {
        writer.WriteStartObject(name);
        writer.WriteString("epoch"u8, position.Epoch);
        writer.WriteNumber("offset"u8, position.Offset);
        writer.WriteEndObject();
    }

    private static void True(Utf8JsonWriter writer, ReadOnlySpan<byte> name, bool value)
    {
        if (value)
        {
            writer.WriteBoolean(name, true);
        }
    }
}

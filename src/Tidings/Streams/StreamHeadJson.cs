using System.Text.Json;
using Tidings.Protocol.Replies;
using Tidings.Quotas;

namespace Tidings.Streams;

/// <summary>A head as stores keep it that know no fields: all but its version.</summary>
internal static class StreamHeadJson
{
    public static byte[] Write(StreamHead head)
    {
        var frame = JsonFrame.Begin();
        var writer = frame.Writer;
        writer.WriteString("tag"u8, head.Tag);
        writer.WriteString("type"u8, head.ContentType);
        writer.WriteNumber("length"u8, head.Length);
        Write(writer, "closed"u8, head.IsClosed);
        Write(writer, "closed_by"u8, head.ClosedBy);
        Write(writer, "failure"u8, head.Failure);
        Write(writer, "ttl"u8, head.Ttl);
        Write(writer, "expires"u8, head.Expires);
        Write(writer, "expires_at"u8, head.ExpiresAt);
        Write(writer, "touched"u8, head.Touched == 0 ? null : head.Touched);
        Write(writer, "seq"u8, head.Sequence);
        if (head.Producers.Count > 0)
        {
            writer.WriteStartArray("producers"u8);
            foreach (var producer in head.Producers)
            {
                Write(writer, producer);
            }

            writer.WriteEndArray();
        }

        if (head.Fork is { } fork)
        {
            writer.WriteString("fork"u8, fork.Source);
            Write(writer, "fork_at"u8, fork.Offset);
            Write(writer, "fork_sub"u8, fork.Sub);
        }

        if (head.Origins.Count > 0)
        {
            writer.WriteStartArray("origins"u8);
            foreach (var origin in head.Origins)
            {
                writer.WriteStartObject();
                writer.WriteString("tag"u8, origin.Tag);
                writer.WriteNumber("length"u8, origin.Length);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        Write(writer, "forks"u8, head.Forks == 0 ? null : head.Forks);
        Write(writer, "gone"u8, head.IsGone);
        Write(writer, "owner"u8, head.Owner.ToText());
        if (head.Writers.Count > 0)
        {
            writer.WriteStartArray("writers"u8);
            foreach (var share in head.Writers)
            {
                writer.WriteStartArray();
                writer.WriteStringValue(share.Writer.ToText());
                writer.WriteNumberValue(share.Bytes);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
        }

        if (!head.Unfinished.IsEmpty)
        {
            writer.WriteBase64String("unfinished"u8, head.Unfinished.Span);
        }

        return frame.EndJson().ToArray();
    }

    /// <returns>The head; null where it is none, as what somebody else has written.</returns>
    public static StreamHead? Read(ReadOnlyMemory<byte> json, long version)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return new StreamHead
            {
                Version = version,
                Tag = root.GetProperty("tag"u8).GetString()!,
                ContentType = root.GetProperty("type"u8).GetString()!,
                Length = root.GetProperty("length"u8).GetInt64(),
                IsClosed = root.TryGetProperty("closed"u8, out _),
                ClosedBy = root.TryGetProperty("closed_by"u8, out var closedBy) ? ReadProducer(closedBy) : null,
                Failure = Text(root, "failure"u8),
                Ttl = Number(root, "ttl"u8),
                Expires = Text(root, "expires"u8),
                ExpiresAt = Number(root, "expires_at"u8),
                Touched = Number(root, "touched"u8) ?? 0,
                Sequence = Text(root, "seq"u8),
                Producers = root.TryGetProperty("producers"u8, out var producers) ? [.. producers.EnumerateArray().Select(ReadProducer)] : [],
                Fork = Text(root, "fork"u8) is { } source ? new StreamFork(source, Number(root, "fork_at"u8), Number(root, "fork_sub"u8) ?? 0) : null,
                Origins = root.TryGetProperty("origins"u8, out var origins)
                    ? [.. origins.EnumerateArray().Select(static origin => new StreamOrigin(origin.GetProperty("tag"u8).GetString()!, origin.GetProperty("length"u8).GetInt64()))]
                    : [],
                Forks = (int)(Number(root, "forks"u8) ?? 0),
                IsGone = root.TryGetProperty("gone"u8, out _),
                Owner = Sender.FromText(Text(root, "owner"u8)),
                Writers = root.TryGetProperty("writers"u8, out var writers) ? [.. writers.EnumerateArray().Select(static share => new StreamShare(Sender.FromText(share[0].GetString()), share[1].GetInt64()))] : [],
                Unfinished = root.TryGetProperty("unfinished"u8, out var unfinished) ? unfinished.GetBytesFromBase64() : default,
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name, bool value)
    {
        if (value)
        {
            writer.WriteBoolean(name, true);
        }
    }

    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
    }

    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name, StreamProducer? producer)
    {
        if (producer is not null)
        {
            writer.WritePropertyName(name);
            Write(writer, producer);
        }
    }

    private static void Write(Utf8JsonWriter writer, StreamProducer producer)
    {
        writer.WriteStartArray();
        writer.WriteStringValue(producer.Id);
        writer.WriteNumberValue(producer.Epoch);
        writer.WriteNumberValue(producer.Seq);
        writer.WriteEndArray();
    }

    private static StreamProducer ReadProducer(JsonElement json) => new(json[0].GetString()!, json[1].GetInt64(), json[2].GetInt64());

    private static string? Text(JsonElement root, ReadOnlySpan<byte> name) => root.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static long? Number(JsonElement root, ReadOnlySpan<byte> name) => root.TryGetProperty(name, out var value) ? value.GetInt64() : null;
}

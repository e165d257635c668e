using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using Tidings.AspNetCore.Events;
using Tidings.Events;
using Tidings.Options;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Pusher;

/// <summary>Events as the webhooks of the Pusher protocol tell them: <c>{"time_ms", "events"}</c>, signed with the application's secret.</summary>
internal sealed class PusherWebhookForm(PusherApp app) : IWebhookForm
{
    private const string IdHeader = "webhook-id";
    private const string KeyHeader = "X-Pusher-Key";
    private const string SignatureHeader = "X-Pusher-Signature";

    /// <summary>What a webhook is told: of its application's channels, members of presence channels, and events of clients.</summary>
    public static EventFilter FilterOf(PusherApp app, PusherWebhookOptions options) => new(PusherEventNames.TypesOf(options.Types), [])
    {
        Among = (type, channel) => app.IsOwnChannel(channel)
            && (type is not (EventType.MemberJoined or EventType.MemberLeft) || app.FromLog(channel)!.StartsWith("presence-", StringComparison.Ordinal)),
        Messages = static name => name?.StartsWith(PusherReader.ClientEvent, StringComparison.Ordinal) == true,
    };

    public ReadOnlyMemory<byte> BodyOf(IReadOnlyList<QueuedEvent> events, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(buffer, JsonFrame.Options);
        writer.WriteStartObject();
        writer.WriteNumber("time_ms"u8, now.ToUnixTimeMilliseconds());
        writer.WriteStartArray("events"u8);
        var any = false;
        foreach (var one in events)
        {
            using var json = one.Parse();
            any |= Write(writer, json.RootElement);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return any ? buffer.WrittenMemory : default;
    }

    public void Sign(HttpRequestHeaders headers, string id, DateTimeOffset now, ReadOnlySpan<byte> body)
    {
        headers.TryAddWithoutValidation(IdHeader, id);
        headers.TryAddWithoutValidation(KeyHeader, app.Key);
        headers.TryAddWithoutValidation(SignatureHeader, app.Sign(body));
    }

    // What the protocol has no word for, such as that events were dropped, is not told.
    private bool Write(Utf8JsonWriter writer, JsonElement one)
    {
        if (EventNames.Read(one.GetProperty("type"u8).GetString()!) is not { } type || PusherEventNames.Of(type) is not { } name || app.FromLog(one.GetProperty("channel"u8).GetString()!) is not { } channel)
        {
            return false;
        }

        writer.WriteStartObject();
        writer.WriteString("name"u8, name);
        writer.WriteString("channel"u8, channel);
        if (type == EventType.MessagePublished)
        {
            var data = one.GetProperty("data"u8);
            writer.WriteString("event"u8, data.GetProperty("event"u8).GetString());
            writer.WriteString("data"u8, data.TryGetProperty("data"u8, out var said) ? said.ValueKind == JsonValueKind.String ? said.GetString() : said.GetRawText() : "");
            Copy("connection"u8, "socket_id"u8);
        }

        if (channel.StartsWith("presence-", StringComparison.Ordinal))
        {
            Copy("user"u8, "user_id"u8);
        }

        writer.WriteEndObject();
        return true;

        void Copy(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
        {
            if (one.TryGetProperty(from, out var value))
            {
                writer.WriteString(to, value.GetString());
            }
        }
    }
}

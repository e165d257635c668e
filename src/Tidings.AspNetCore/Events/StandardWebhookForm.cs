using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using Tidings.Events;

namespace Tidings.AspNetCore.Events;

/// <summary>Events as they are, signed as Standard Webhooks has it.</summary>
internal sealed class StandardWebhookForm(WebhookSignature signature) : IWebhookForm
{
    public ReadOnlyMemory<byte> BodyOf(IReadOnlyList<QueuedEvent> events, DateTimeOffset now)
    {
        var body = new ArrayBufferWriter<byte>(events.Sum(static one => one.Json.Length + 1) + 16);
        body.Write("{\"events\":["u8);
        for (var i = 0; i < events.Count; i++)
        {
            if (i > 0)
            {
                body.Write(","u8);
            }

            body.Write(events[i].Json.Span);
        }

        body.Write("]}"u8);
        return body.WrittenMemory;
    }

    public void Sign(HttpRequestHeaders headers, string id, DateTimeOffset now, ReadOnlySpan<byte> body)
    {
        var seconds = now.ToUnixTimeSeconds();
        headers.TryAddWithoutValidation(WebhookSignature.IdHeader, id);
        headers.TryAddWithoutValidation(WebhookSignature.TimestampHeader, seconds.ToString(CultureInfo.InvariantCulture));
        headers.TryAddWithoutValidation(WebhookSignature.Header, signature.Sign(id, seconds, body));
    }
}

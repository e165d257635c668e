using System.Net.ServerSentEvents;
using System.Text.Json;
using Tidings.Faults.Journals;

namespace Tidings.Faults.Readers;

/// <summary>By Server-Sent Events.</summary>
internal sealed class EventStreamReader(ReaderContext context, SubscriptionTerms terms, Random random) : Reader(context, terms with { Transport = "sse" }, random)
{
    private string? _lastId;

    protected override async Task<int> ReadAsync(Uri node, CancellationToken end)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node, $"/connect?channel={Uri.EscapeDataString(Terms.Channel)}"));
        request.Headers.Add("Accept", "text/event-stream");
        if (_lastId is not null)
        {
            request.Headers.Add("Last-Event-ID", _lastId);
        }

        using var silence = new SilenceLimit(LongestSilence, end);
        using var answer = await Context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
        if (!answer.IsSuccessStatusCode || answer.StatusCode == System.Net.HttpStatusCode.NoContent)
        {
            return 1006;
        }

        await using var stream = await answer.Content.ReadAsStreamAsync(silence.Token);
        await foreach (var told in SseParser.Create(silence.Watch(stream), static (_, data) => data.ToArray()).EnumerateAsync(silence.Token))
        {
            using var document = JsonDocument.Parse(told.Data);
            if (Handle(document.RootElement) is { } code)
            {
                return code;
            }

            _lastId = told.EventId ?? _lastId;
        }

        return 1006;
    }

    /// <returns>The code with which it ends, or null.</returns>
    private int? Handle(JsonElement message)
    {
        switch (message.GetProperty("type").GetString())
        {
            case "connected":
                Connection = message.GetProperty("connection").GetString();
                foreach (var subscription in message.GetProperty("subscriptions").EnumerateArray().Where(one => one.GetProperty("channel").GetString() == Terms.Channel))
                {
                    Begin(subscription);
                }

                return null;
            case "disconnecting":
                return message.GetProperty("code").GetInt32();
            case "unsubscribed":
                return 1006;
            default:
                Told(message);
                return null;
        }
    }

    // Where the stream does not go on from where it was, a gap follows, and says so.
    private void Begin(JsonElement subscription)
    {
        var position = PositionOf(subscription);
        if (Journal.Cursor is not { } cursor)
        {
            Journal.Subscribed(position, null, null);
        }
        else if (position == cursor)
        {
            Journal.Subscribed(position, cursor, recovered: true);
        }

        Live();
    }
}

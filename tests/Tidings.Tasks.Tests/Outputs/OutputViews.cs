using System.Net;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using TestKit;
using Tidings.Client;

namespace Tidings.Tasks.Tests.Outputs;

/// <summary>Viewers of outputs, one for each way to look. Each comes back once in the middle.</summary>
internal static class OutputViews
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static readonly (string Name, Func<TestServer, string, int, Task<OutputSight>> View)[] All =
    [
        ("WebSocket", ByWebSocketAsync),
        ("events", ByEventsAsync),
        ("the stream's events", ByStreamEventsAsync),
        ("the stream's long polls", ByLongPollsAsync),
        (".NET client", ByClientAsync),
    ];

    /// <param name="server">The server.</param>
    /// <param name="id">The run.</param>
    /// <param name="leaves">After how many parts it hangs up and comes back.</param>
    public static async Task<OutputSight> ByWebSocketAsync(TestServer server, string id, int leaves)
    {
        var (text, next, parts) = (new StringBuilder(), 0L, 0);
        while (true)
        {
            await using var viewer = await server.ConnectAsync($"/ws/tasks/{id}?output=true&offset={next}", new RawOptions { Limit = Patience });
            while (parts != leaves)
            {
                var message = JsonDocument.Parse(await viewer.ReceiveTextAsync(Patience)).RootElement;
                if (Take(message, text, ref next) is { } status)
                {
                    return new OutputSight("WebSocket", text.ToString(), status);
                }

                parts += message.TryGetProperty("text", out _) ? 1 : 0;
            }

            parts++;
        }
    }

    public static async Task<OutputSight> ByEventsAsync(TestServer server, string id, int leaves)
    {
        var (text, next, parts) = (new StringBuilder(), 0L, 0);
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/tasks/{id}/output") { Headers = { { "Accept", "text/event-stream" } } };
            request.Headers.Add("Last-Event-ID", $"{next}");
            using var answer = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            answer.EnsureSuccessStatusCode();
            await foreach (var item in SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync())
            {
                if (Take(JsonDocument.Parse(item.Data).RootElement, text, ref next) is { } status)
                {
                    return new OutputSight("events", text.ToString(), status);
                }

                if (++parts == leaves)
                {
                    break;
                }
            }
        }
    }

    public static async Task<OutputSight> ByStreamEventsAsync(TestServer server, string id, int leaves)
    {
        var (text, offset, parts) = (new StringBuilder(), "-1", 0);
        while (true)
        {
            using var answer = await server.Http.GetAsync(new Uri(server.Url, $"/streams/tasks/{id}/output?offset={offset}&live=sse"), HttpCompletionOption.ResponseHeadersRead);
            if (await IsYetToBeginAsync(server, id, answer))
            {
                continue;
            }

            await foreach (var item in SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync())
            {
                if (item.EventType == "data")
                {
                    text.Append(item.Data);
                    continue;
                }

                var control = JsonDocument.Parse(item.Data).RootElement;
                offset = control.GetProperty("streamNextOffset").GetString()!;
                if (control.TryGetProperty("streamClosed", out _))
                {
                    return new OutputSight("the stream's events", text.ToString(), "completed");
                }

                if (++parts == leaves)
                {
                    break;
                }
            }
        }
    }

    public static async Task<OutputSight> ByLongPollsAsync(TestServer server, string id, int leaves)
    {
        var (bytes, offset) = (new List<byte>(), "-1");
        while (true)
        {
            using var answer = await server.Http.GetAsync(new Uri(server.Url, $"/streams/tasks/{id}/output?offset={offset}&live=long-poll"));
            if (await IsYetToBeginAsync(server, id, answer))
            {
                continue;
            }

            offset = answer.Headers.GetValues("Stream-Next-Offset").Single();
            bytes.AddRange(await answer.Content.ReadAsByteArrayAsync());
            if (answer.Headers.Contains("Stream-Closed"))
            {
                return new OutputSight("the stream's long polls", Encoding.UTF8.GetString([.. bytes]), "completed");
            }
        }
    }

    public static async Task<OutputSight> ByClientAsync(TestServer server, string id, int leaves)
    {
        var (text, offset, parts) = (new StringBuilder(), 0L, 0);
        while (true)
        {
            await using var client = new TidingsClient(server.Url);
            var left = false;
            await foreach (var part in client.WatchTask(id).OutputAsync(offset))
            {
                text.Append(part.Text);
                offset = part.Offset + part.Bytes.Length;
                if (left = ++parts == leaves)
                {
                    break;
                }
            }

            if (!left)
            {
                return new OutputSight(".NET client", text.ToString(), "completed");
            }
        }
    }

    // A part stands where the one before ended. The status where it is the end.
    private static string? Take(JsonElement message, StringBuilder text, ref long next)
    {
        if (message.TryGetProperty("text", out var part))
        {
            Assert.Equal(next, message.GetProperty("offset").GetInt64());
            next = message.GetProperty("next").GetInt64();
            text.Append(part.GetString());
        }

        return message.TryGetProperty("type", out var type) && type.ValueEquals("end") ? message.GetProperty("status").GetString() : null;
    }

    // A stream is there from the first byte on.
    private static async Task<bool> IsYetToBeginAsync(TestServer server, string id, HttpResponseMessage answer)
    {
        if (answer.StatusCode != HttpStatusCode.NotFound)
        {
            answer.EnsureSuccessStatusCode();
            return false;
        }

        await Eventually.TrueAsync(async () => await server.Services.Node.Streams.FindAsync(TaskOutputs.NameOf(id)) is not null, () => $"the output of {id} begins");
        return true;
    }
}

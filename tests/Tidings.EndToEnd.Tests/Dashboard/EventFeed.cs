using System.Net.ServerSentEvents;
using System.Text.Json;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Dashboard;

/// <summary>A stream of Server-Sent Events, read event by event.</summary>
internal sealed class EventFeed : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly CancellationTokenSource _end = new();
    private readonly IAsyncEnumerator<SseItem<string>> _events;

    private EventFeed(HttpResponseMessage response, Stream stream)
    {
        _response = response;
        _events = SseParser.Create(stream).EnumerateAsync(_end.Token).GetAsyncEnumerator();
    }

    public string? LastId { get; private set; }

    public static async Task<EventFeed> OpenAsync(TestServer server, string path, string accept = "text/event-stream", string? lastId = null, string? authorization = null)
    {
        var response = await new DashboardClient(server).GetAsync(path, ("Accept", accept), ("Last-Event-ID", lastId ?? ""), ("Authorization", authorization ?? ""));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return new EventFeed(response, await response.Content.ReadAsStreamAsync());
    }

    public async Task<(string Name, JsonElement Data)> NextAsync()
    {
        Assert.True(await _events.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        var item = _events.Current;
        LastId = item.EventId ?? LastId;
        return (item.EventType, item.Data.Length == 0 ? default : JsonElement.Parse(item.Data));
    }

    public void Dispose()
    {
        _end.Cancel();
        _response.Dispose();
        _end.Dispose();
    }
}

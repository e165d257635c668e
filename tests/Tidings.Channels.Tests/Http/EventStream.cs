using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using TestKit;

namespace Tidings.Channels.Tests.Http;

/// <summary>A reader of Server-Sent Events, by the framework's own parser.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly SseParser<string> _parser;
    private readonly IAsyncEnumerator<SseItem<string>> _events;

    private EventStream(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _parser = SseParser.Create(body);
        _events = _parser.EnumerateAsync().GetAsyncEnumerator();
    }

    public HttpResponseMessage Response => _response;

    /// <summary>The id of the last event: the reader's position.</summary>
    public string LastId => _parser.LastEventId;

    public TimeSpan Retry => _parser.ReconnectionInterval;

    /// <summary>Opens a stream, which must be answered 200.</summary>
    public static async Task<EventStream> OpenAsync(HttpClient http, string url, string? lastEventId = null, string? user = null, Version? version = null)
    {
        var response = await AskAsync(http, url, lastEventId, user, version);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode} {await (response.IsSuccessStatusCode ? Task.FromResult("") : response.Content.ReadAsStringAsync())}");
        return new EventStream(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The same, whatever the answer is.</summary>
    public static async Task<HttpResponseMessage> AskAsync(HttpClient http, string url, string? lastEventId = null, string? user = null, Version? version = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = version ?? HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        if (user is not null)
        {
            request.Headers.Add(TestUser.Header, user);
        }

        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>The next event's data; null at the end of the stream.</summary>
    /// <exception cref="IOException">The stream was cut.</exception>
    public async Task<string?> ReceiveAsync()
    {
        if (!await _events.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit))
        {
            return null;
        }

        Assert.Equal("message", _events.Current.EventType);
        return _events.Current.Data;
    }

    public async Task<JsonElement> ReceiveJsonAsync() => JsonDocument.Parse((await ReceiveAsync())!).RootElement;

    /// <summary>Takes the next event, which must be of this type.</summary>
    public async Task<JsonElement> ExpectAsync(string type)
    {
        var message = await ReceiveJsonAsync();
        Assert.Equal(type, message.GetProperty("type").GetString());
        return message;
    }

    /// <summary>Takes the next event, which must be a message with these data.</summary>
    public async Task<JsonElement> ExpectMessageAsync(string data)
    {
        var message = await ExpectAsync("message");
        Assert.Equal(data, message.GetProperty("data").GetRawText());
        return message;
    }

    public async Task ExpectEndAsync() => Assert.Null(await ReceiveAsync());

    public async ValueTask DisposeAsync()
    {
        _response.Dispose();
        try
        {
            await _events.DisposeAsync();
        }
        catch (Exception error) when (error is NotSupportedException or IOException)
        {
            // Something was still being waited for.
        }
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using TestKit;

namespace Tidings.Tasks.Tests.Http;

/// <summary>The routes of outputs, whatever moves the bytes.</summary>
public abstract class TaskOutputRouteRules : IAsyncLifetime
{
    private static readonly HttpClient Http = new();

    private TestServer _server = null!;

    protected abstract string Pump { get; }

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync(Pump, settings: [("Tidings:Tasks:OutputBytes", "200000"), ("Tidings:Streams:AppendBytes", "100000"), ("Tidings:Tasks:Lease", "2s")]);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_viewer_sees_states_and_the_whole_output_and_the_final_state_after_its_end()
    {
        await StartAsync("a");
        await ExpectAsync(HttpStatusCode.OK, 6, await AppendAsync("a", "Hä\r\n\"", 0));
        await using var viewer = await _server.ConnectAsync("/ws/tasks/a?output=true");
        await using var later = await _server.ConnectAsync("/ws/tasks/a?output=true&offset=6");
        Assert.Equal(
            new HashSet<string> { """{"task_id":"a","name":"outside","status":"running","progress":0}""", """{"type":"output","next":6,"offset":0,"text":"Hä\r\n\""}""" },
            new HashSet<string> { await TextAsync(viewer), await TextAsync(viewer) });
        Assert.Contains("running", await TextAsync(later), StringComparison.Ordinal);
        await ExpectAsync(HttpStatusCode.OK, 8, await AppendAsync("a", [0xE2, 0x82], 6));
        await ExpectAsync(HttpStatusCode.OK, 9, await AppendAsync("a", [0xAC], 8));
        foreach (var one in new[] { viewer, later })
        {
            Assert.Equal("""{"type":"output","next":9,"offset":6,"text":"€"}""", await TextAsync(one));
        }

        await ReportAsync("a", """{"status":"failed","error":"no"}""");
        foreach (var one in new[] { viewer, later })
        {
            Assert.Equal("""{"type":"end","offset":9,"status":"failed"}""", await TextAsync(one));
            Assert.Contains("\"failed\"", await TextAsync(one), StringComparison.Ordinal);
            await one.ExpectCloseAsync(1000, "Goodbye");
        }

        await using var late = await _server.ConnectAsync("/ws/tasks/a?output=true");
        Assert.Equal("""{"type":"output","next":9,"offset":0,"text":"Hä\r\n\"€"}""", await TextAsync(late));
        Assert.Contains("\"end\"", await TextAsync(late), StringComparison.Ordinal);
        Assert.Contains("\"failed\"", await TextAsync(late), StringComparison.Ordinal);
        await late.ExpectCloseAsync(1000, "Goodbye");
        await _server.ExpectIdleAsync();
    }

    [Fact]
    public async Task A_stream_of_events_follows_and_goes_on_by_the_id_of_its_last_event()
    {
        await StartAsync("a");
        using var first = await FollowAsync("a", null);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using var events = new StreamReader(await first.Content.ReadAsStreamAsync());
        await AppendAsync("a", "one ", 0);
        Assert.Equal(("""{"type":"output","next":4,"offset":0,"text":"one "}""", "4"), await EventAsync(events));
        await AppendAsync("a", "two ", 4);
        Assert.Equal(("""{"type":"output","next":8,"offset":4,"text":"two "}""", "8"), await EventAsync(events));
        using var second = await FollowAsync("a", "4");
        using var more = new StreamReader(await second.Content.ReadAsStreamAsync());
        Assert.Equal(("""{"type":"output","next":8,"offset":4,"text":"two "}""", "8"), await EventAsync(more));
        await ReportAsync("a", """{"status":"completed"}""");
        Assert.Equal(("""{"type":"end","offset":8,"status":"completed"}""", "end"), await EventAsync(events));
        Assert.Equal(("""{"type":"end","offset":8,"status":"completed"}""", "end"), await EventAsync(more));
        using var third = await FollowAsync("a", "end");
        Assert.Equal(HttpStatusCode.NoContent, third.StatusCode);
        await _server.ExpectIdleAsync();
    }

    [Theory]
    [InlineData("HTTP/1.0")]
    [InlineData("HTTP/1.1")]
    public async Task A_viewer_of_any_version_of_http_has_the_whole_and_an_end(string version)
    {
        await StartAsync("a");
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, _server.Port);
        var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /api/tasks/a/output {version}\r\nHost: localhost\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n"));
        await AppendAsync("a", "one ", 0);
        await ReportAsync("a", """{"status":"completed"}""");
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Contains("\"text\":\"one \"", answer, StringComparison.Ordinal);
        Assert.Contains("id: end\n\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_of_other_origins_read_where_an_output_ends()
    {
        await StartAsync("a");
        await AppendAsync("a", "one ", 0);
        foreach (var accept in new[] { "text/plain", "text/event-stream" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Address("a"));
            request.Headers.Add("Origin", $"http://localhost:{_server.Port}");
            request.Headers.Accept.ParseAdd(accept);
            using var answer = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal("Stream-Next-Offset, Stream-Closed, Retry-After", answer.Headers.GetValues("Access-Control-Expose-Headers").Single());
        }
    }

    [Fact]
    public async Task What_is_wrong_is_refused_and_changes_nothing()
    {
        await ExpectAsync(HttpStatusCode.NotFound, null, await AppendAsync("none", "x", 0));
        await StartAsync("a");
        await ExpectAsync(HttpStatusCode.Conflict, 0, await AppendAsync("a", "x", 7));
        await ExpectAsync(HttpStatusCode.OK, 0, await AppendAsync("a", "", 0));
        await ExpectAsync(HttpStatusCode.OK, 3, await AppendAsync("a", "one", 0));
        await ExpectAsync(HttpStatusCode.OK, 3, await AppendAsync("a", "one", 0));
        await ExpectAsync(HttpStatusCode.OK, 3, await AppendAsync("a", "", null));
        await ExpectAsync(HttpStatusCode.Conflict, 3, await AppendAsync("a", "two", 0));
        await ExpectAsync(HttpStatusCode.BadRequest, null, await AppendAsync("a", [0xFF], 3));
        await ExpectAsync(HttpStatusCode.RequestEntityTooLarge, null, await AppendAsync("a", new byte[100_001], 3));
        await ExpectAsync(HttpStatusCode.OK, 100_003, await AppendAsync("a", new byte[100_000], 3));
        await ExpectAsync(HttpStatusCode.RequestEntityTooLarge, null, await AppendAsync("a", new byte[99_998], 100_003));
        foreach (var query in new[] { "?offset=-1", "?offset=x", "?offset=1&offset=2", "?offset=9007199254740992" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await Http.PostAsync(Address("a") + query, new ByteArrayContent([1]))).StatusCode);
            Assert.Equal(HttpStatusCode.BadRequest, (await Http.GetAsync(Address("a") + query)).StatusCode);
            Assert.Equal(400, (await _server.HandshakeAsync("/ws/tasks/a" + query + "&output=true")).Status);
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await Http.GetAsync(Address("a") + "?offset=100004")).StatusCode);
        using var future = await FollowAsync("a", "100004");
        Assert.Equal(HttpStatusCode.BadRequest, future.StatusCode);
        Assert.Equal(100_003, (await Http.GetByteArrayAsync(Address("a"))).Length);
        await ReportAsync("a", """{"status":"completed"}""");
        await Eventually.TrueAsync(async () => (await AppendAsync("a", "late", null)).StatusCode == HttpStatusCode.Conflict, () => "the output has ended");
        await ExpectAsync(HttpStatusCode.OK, 100_003, await AppendAsync("a", "one", 0));
        await _server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Bytes_are_bytes_and_are_read_from_any_place()
    {
        await StartAsync("a");
        var bytes = Enumerable.Range(0, 90_000).Select(static i => (byte)(i * 7)).ToArray();
        await ExpectAsync(HttpStatusCode.OK, 90_000, await AppendAsync("a", bytes, 0, "application/octet-stream"));
        using var answer = await Http.GetAsync(Address("a"));
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("90000", answer.Headers.GetValues("Stream-Next-Offset").Single());
        Assert.False(answer.Headers.Contains("Stream-Closed"));
        Assert.Equal(bytes, await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(bytes[89_990..], await Http.GetByteArrayAsync(Address("a") + "?offset=89990"));
        Assert.Empty(await Http.GetByteArrayAsync(Address("a") + "?offset=90000"));
        await using var viewer = await _server.ConnectAsync("/ws/tasks/a?output=true&offset=89997");
        Assert.Contains("running", await TextAsync(viewer), StringComparison.Ordinal);
        Assert.Equal($$"""{"type":"output","next":90000,"offset":89997,"data64":"{{Convert.ToBase64String(bytes[89_997..])}}"}""", await TextAsync(viewer));
        await ReportAsync("a", """{"status":"completed"}""");
    }

    [Fact]
    public async Task A_viewer_who_does_not_read_holds_nobody_up_and_has_everything_in_the_end()
    {
        await StartAsync("a");
        await using var viewer = await _server.ConnectAsync("/ws/tasks/a?output=true");
        await TextAsync(viewer);
        var whole = new StringBuilder();
        for (var i = 0; i < 40; i++)
        {
            var chunk = new string((char)('a' + (i % 26)), 4_000);
            await ExpectAsync(HttpStatusCode.OK, whole.Length + 4_000, await AppendAsync("a", chunk, whole.Length));
            whole.Append(chunk);
        }

        await ReportAsync("a", """{"status":"completed"}""");
        var seen = new StringBuilder();
        while (JsonDocument.Parse(await TextAsync(viewer)).RootElement is var message && !(message.TryGetProperty("type", out var type) && type.GetString() == "end"))
        {
            // States come between.
            if (message.TryGetProperty("text", out var text))
            {
                Assert.Equal(seen.Length, message.GetProperty("offset").GetInt64());
                seen.Append(text.GetString());
            }
        }

        Assert.Equal(whole.ToString(), seen.ToString());
    }

    private string Address(string id) => $"http://localhost:{_server.Port}/api/tasks/{id}/output";

    private static async Task<string> TextAsync(RawWebSocket viewer) => await viewer.ReceiveTextAsync();

    private Task StartAsync(string id) => SendAsync(HttpMethod.Post, "/api/tasks", $$"""{"name":"outside","task_id":"{{id}}"}""");

    private Task ReportAsync(string id, string json) => SendAsync(HttpMethod.Put, "/api/tasks/" + id, json);

    private async Task SendAsync(HttpMethod method, string path, string json)
    {
        using var request = new HttpRequestMessage(method, $"http://localhost:{_server.Port}{path}") { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        using var answer = await Http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private Task<HttpResponseMessage> AppendAsync(string id, string text, long? offset) => AppendAsync(id, Encoding.UTF8.GetBytes(text), offset);

    private Task<HttpResponseMessage> AppendAsync(string id, byte[] bytes, long? offset, string type = "text/plain")
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return Http.PostAsync(Address(id) + (offset is null ? "" : $"?offset={offset}"), content);
    }

    private static async Task ExpectAsync(HttpStatusCode status, long? offset, HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(status == answer.StatusCode, $"{(int)answer.StatusCode} {body}");
        Assert.Equal(offset, JsonDocument.Parse(body).RootElement.TryGetProperty("offset", out var end) ? end.GetInt64() : null);
        answer.Dispose();
    }

    private Task<HttpResponseMessage> FollowAsync(string id, string? lastEventId)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, Address(id));
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<(string Data, string Id)> EventAsync(StreamReader events)
    {
        var (data, id) = ("", "");
        while (await events.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                data = line[6..];
            }
            else if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line[4..];
            }
            else if (line.Length == 0 && data.Length > 0)
            {
                return (data, id);
            }
        }

        return ("", "");
    }
}

public sealed class TaskOutputRouteOnLanesTests : TaskOutputRouteRules
{
    protected override string Pump => "lanes";
}

public sealed class TaskOutputRouteOnStreamsTests : TaskOutputRouteRules
{
    protected override string Pump => "streams";
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using TestKit;

namespace Tidings.Tasks.Tests.Http;

/// <summary>The routes of tasks, whatever moves the bytes.</summary>
public abstract class TaskRouteRules : IAsyncLifetime
{
    private TestServer _server = null!;

    protected abstract string Pump { get; }

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync(Pump, settings: [("Tidings:Tasks:PayloadBytes", "1000"), ("Tidings:Tasks:Lease", "2s")]);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_viewer_sees_the_present_state_each_change_and_the_end()
    {
        await StartAsync("a");
        await using var viewer = await _server.ConnectAsync("/ws/tasks/a");
        await viewer.ExpectTextAsync("""{"task_id":"a","name":"outside","status":"pending","progress":0}""");
        await ReportAsync("a", """{"progress":12.5,"message":"1 of 8"}""");
        await viewer.ExpectTextAsync("""{"task_id":"a","name":"outside","status":"running","progress":12.5,"message":"1 of 8"}""");
        await ReportAsync("a", """{"status":"completed","result":{ "rows" : 8 }}""");
        await viewer.ExpectTextAsync("""{"task_id":"a","name":"outside","status":"completed","progress":100,"message":"1 of 8","result":{ "rows" : 8 }}""");
        await viewer.ExpectCloseAsync(1000, "Goodbye");
        await using var late = await _server.ConnectAsync("/ws/tasks/a");
        await late.ExpectTextAsync("""{"task_id":"a","name":"outside","status":"completed","progress":100,"message":"1 of 8","result":{ "rows" : 8 }}""");
        await late.ExpectCloseAsync(1000, "Goodbye");
        await _server.ExpectIdleAsync();
    }

    [Fact]
    public async Task An_unknown_task_is_told_and_closed()
    {
        await using var viewer = await _server.ConnectAsync("/ws/tasks/none");
        await viewer.ExpectTextAsync("""{"error":"Task not found"}""");
        await viewer.ExpectCloseAsync(1000, "Goodbye");
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete })
        {
            var (status, json) = await SendAsync(method, "/api/tasks/none", method == HttpMethod.Put ? "{}" : null);
            Assert.Equal((HttpStatusCode.NotFound, "Task not found", "not_allowed"), (status, json.GetProperty("error").GetString(), json.GetProperty("code").GetString()));
        }

        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Get, "/api/tasks/none/events")).Status);
        await _server.ExpectIdleAsync();
    }

    [Theory]
    [InlineData("..%2f..%2fetc")]
    [InlineData("%2e%2e%2fx")]
    [InlineData("a%5cb")]
    [InlineData("a:b")]
    [InlineData(".hidden")]
    [InlineData("a%20b")]
    [InlineData("a%00b")]
    [InlineData("%FF")]
    public async Task Path_tricks_are_refused(string id)
    {
        Assert.Equal(400, (await _server.HandshakeAsync("/ws/tasks/" + id)).Status);
        foreach (var method in new[] { "GET", "PUT", "DELETE" })
        {
            var answer = await _server.RequestAsync($"{method} /api/tasks/{id} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{{}}");
            Assert.True(answer.Status == 400, $"{method} was answered {answer.Status}");
        }
    }

    [Theory]
    [InlineData("""{"progress":-1}""", "progress")]
    [InlineData("""{"progress":100.1}""", "progress")]
    [InlineData("""{"progress":1e400}""", "progress")]
    [InlineData("""{"progress":NaN}""", "no JSON")]
    [InlineData("""{"progress":"NaN"}""", "progress")]
    [InlineData("""{"progress":"50"}""", "progress")]
    [InlineData("""{"status":"pending"}""", "status")]
    [InlineData("""{"status":"odd"}""", "status")]
    [InlineData("""{"status":"RUNNING"}""", "status")]
    [InlineData("""{"error":"no"}""", "error")]
    [InlineData("""{"result":1}""", "result")]
    [InlineData("""{"status":"failed","result":1}""", "result")]
    [InlineData("""{"progress":1,"progress":2}""", "twice")]
    [InlineData("""{"log":"line"}""", "log")]
    [InlineData("""{"log":[null]}""", "log")]
    [InlineData("[]", "$")]
    [InlineData("", "no JSON")]
    [InlineData("null", "object")]
    public async Task A_report_that_does_not_fit_changes_nothing(string report, string says)
    {
        await StartAsync("bad");
        await ReportAsync("bad", """{"progress":7}""");
        var (status, json) = await SendAsync(HttpMethod.Put, "/api/tasks/bad", report);
        Assert.Equal((HttpStatusCode.BadRequest, "bad_request"), (status, json.GetProperty("code").GetString()));
        Assert.Contains(says, json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("""{"task_id":"bad","name":"outside","status":"running","progress":7}""", (await SendAsync(HttpMethod.Get, "/api/tasks/bad")).Json.GetRawText());
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Delete, "/api/tasks/bad")).Status);
    }

    [Fact]
    public async Task What_is_too_large_is_refused()
    {
        await StartAsync("big");
        var text = new string('x', 1000);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Put, "/api/tasks/big", $$"""{"status":"completed","result":"{{text}}"}""")).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync(HttpMethod.Put, "/api/tasks/big", $$"""{"message":"{{new string('x', 2_000_000)}}"}""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Post, "/api/tasks", $$"""{"name":"outside","data":"{{text}}"}""")).Status);
        Assert.Equal("pending", (await SendAsync(HttpMethod.Get, "/api/tasks/big")).Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Texts_for_people_are_cut_and_never_refused()
    {
        await StartAsync("long");
        var (status, json) = await SendAsync(HttpMethod.Put, "/api/tasks/long", $$"""{"message":"{{new string('ü', 3000)}}","log":["{{new string('x', 1023)}}ü"]}""");
        Assert.Equal((HttpStatusCode.OK, new string('ü', 2048)), (status, json.GetProperty("message").GetString()));
        await Eventually.TrueAsync(async () => (await LogAsync("long")).Contains(new string('x', 1023)), () => "the line is told");
        (status, json) = await SendAsync(HttpMethod.Put, "/api/tasks/long", $$"""{"status":"failed","error":"{{new string('x', 5000)}}"}""");
        Assert.Equal((HttpStatusCode.OK, new string('x', 4096)), (status, json.GetProperty("error").GetString()));
    }

    [Theory]
    [InlineData("""{}""", "name")]
    [InlineData("""{"name":""}""", "name")]
    [InlineData("""{"name":"a/b"}""", "name")]
    [InlineData("""{"name":7}""", "name")]
    [InlineData("""{"name":"x","task_id":"../x"}""", "task_id")]
    [InlineData("""{"name":"x","task_id":""}""", "task_id")]
    public async Task A_start_that_does_not_fit_is_refused(string body, string says)
    {
        var (status, json) = await SendAsync(HttpMethod.Post, "/api/tasks", body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(says, json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Late_and_repeated_reports_are_answered_as_is_said()
    {
        await StartAsync("late");
        await ReportAsync("late", """{"progress":60,"message":"sixty"}""");
        var less = await SendAsync(HttpMethod.Put, "/api/tasks/late", """{"progress":50,"message":"fifty"}""");
        Assert.Equal((HttpStatusCode.OK, "sixty"), (less.Status, less.Json.GetProperty("message").GetString()));
        await ReportAsync("late", """{"status":"failed","error":"disk full"}""");
        await ReportAsync("late", """{"status":"failed","error":"disk full"}""");
        foreach (var report in new[] { """{"progress":50}""", """{"progress":90}""", """{"status":"completed"}""", """{"status":"failed","error":"other"}""", "{}" })
        {
            var (status, json) = await SendAsync(HttpMethod.Put, "/api/tasks/late", report);
            Assert.Equal((HttpStatusCode.Conflict, "conflict"), (status, json.GetProperty("code").GetString()));
        }

        Assert.Equal(HttpStatusCode.Conflict, (await SendAsync(HttpMethod.Post, "/api/tasks", """{"name":"outside","task_id":"late"}""")).Status);
    }

    [Fact]
    public async Task A_client_cancels_what_may_be_cancelled_and_nothing_else()
    {
        await StartAsync("demo", """{"name":"demo","task_id":"demo","data":{"files":1000}}""");
        await StartAsync("closed");
        await using var viewer = await _server.ConnectAsync("/ws/tasks/closed");
        await viewer.ReceiveTextAsync();
        await viewer.SendTextAsync("""{ "type" : "cancel" }""");
        await viewer.ExpectTextAsync("""{"error":"Not allowed"}""");
        await viewer.SendTextAsync("cancel");
        await viewer.ExpectTextAsync("""{"error":"Invalid JSON format"}""");
        await viewer.SendTextAsync("""{"type":"stop"}""");
        await viewer.ExpectTextAsync("""{"error":"Invalid message format","details":[{"field":"type","message":"This is \"cancel\"."}]}""");
        await using var other = await _server.ConnectAsync("/ws/tasks/demo");
        await other.SendTextAsync("""{"type":"cancel"}""");
        string text;
        do
        {
            text = await other.ReceiveTextAsync();
        }
        while (!text.Contains("cancelled", StringComparison.Ordinal));

        await other.ExpectCloseAsync(1000, "Goodbye");
        Assert.Equal("pending", (await SendAsync(HttpMethod.Get, "/api/tasks/closed")).Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_stream_has_the_same_and_ends_for_good()
    {
        await StartAsync("sse");
        await ReportAsync("sse", """{"progress":1}""");
        using var response = await _server.Http.GetAsync(new Uri("/api/tasks/sse/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var reading = response.Content.ReadAsStringAsync();
        await ReportAsync("sse", """{"status":"completed"}""");
        var text = await reading.WaitAsync(Eventually.Limit);
        Assert.Matches("^retry: [0-9]+\ndata: ", text);
        Assert.Contains("data: {\"task_id\":\"sse\",\"name\":\"outside\",\"status\":\"running\",\"progress\":1}\n\n", text, StringComparison.Ordinal);
        Assert.EndsWith("data: {\"task_id\":\"sse\",\"name\":\"outside\",\"status\":\"completed\",\"progress\":100}\n\nid: end\n\n", text, StringComparison.Ordinal);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/api/tasks/sse/events");
        again.Headers.Add("Last-Event-ID", "end");
        Assert.Equal(HttpStatusCode.NoContent, (await _server.Http.SendAsync(again)).StatusCode);
        await _server.ExpectIdleAsync();
    }

    [Fact]
    public async Task A_silent_worker_is_lost_within_the_lease()
    {
        await StartAsync("silent");
        await using var viewer = await _server.ConnectAsync("/ws/tasks/silent");
        await viewer.ReceiveTextAsync();
        await ReportAsync("silent", """{"progress":5}""");
        var reported = TimeProvider.System.GetTimestamp();
        await viewer.ReceiveTextAsync();
        await viewer.ExpectTextAsync("""{"task_id":"silent","name":"outside","status":"failed","progress":5,"error":"worker lost"}""");
        Assert.InRange(TimeProvider.System.GetElapsedTime(reported).TotalSeconds, 1.5, 2.3);
        await viewer.ExpectCloseAsync(1000, "Goodbye");
    }

    [Fact]
    public async Task On_connect_the_channel_of_a_task_has_its_states_and_takes_its_cancellation()
    {
        await StartAsync("chan", """{"name":"outside","task_id":"chan","allow_cancel":true}""");
        await ReportAsync("chan", """{"progress":33,"log":["first","second"]}""");
        await using var client = await _server.ConnectAsync("/connect");
        await client.ReceiveTextAsync();
        await client.SendTextAsync("""{"type":"subscribe","channel":"task:chan","last":1}""");
        Assert.Contains("subscribed", await client.ReceiveTextAsync(), StringComparison.Ordinal);
        while (!(await client.ReceiveTextAsync()).Contains("\"progress\":33", StringComparison.Ordinal))
        {
        }

        await client.SendTextAsync("""{"type":"publish","channel":"task:chan","data":{"task_id":"chan","name":"x","status":"completed","progress":100},"id":1}""");
        await client.ExpectTextAsync("""{"type":"error","id":1,"code":"not_allowed","error":"Not allowed"}""");
        await client.SendTextAsync("""{"type":"subscribe","channel":"task:none","id":2}""");
        await client.ExpectTextAsync("""{"type":"error","id":2,"code":"not_allowed","error":"Task not found"}""");
        await client.SendTextAsync("""{"type":"history","channel":"task:chan:log","last":1,"id":3}""");
        Assert.Contains("""{"lines":["first","second"]}""", await client.ReceiveTextAsync(), StringComparison.Ordinal);
        await client.SendTextAsync("""{"type":"publish","channel":"task:chan","data":{"type":"cancel"},"id":4}""");
        var both = new[] { await client.ReceiveTextAsync(), await client.ReceiveTextAsync() };
        Assert.Contains("""{"type":"published","id":4,"channel":"task:chan"}""", both);
        Assert.Contains(both, static text => text.Contains("\"status\":\"cancelled\"", StringComparison.Ordinal));
        await client.SendTextAsync("""{"type":"publish","channel":"task:chan","data":{"type":"cancel"},"id":5}""");
        await client.ExpectTextAsync("""{"type":"published","id":5,"channel":"task:chan"}""");
    }

    private async Task<IReadOnlyList<string?>> LogAsync(string id)
    {
        var messages = (await SendAsync(HttpMethod.Get, $"/api/history?channel=task:{id}:log&limit=10")).Json.GetProperty("messages").EnumerateArray();
        return [.. messages.SelectMany(static message => message.GetProperty("data").GetProperty("lines").EnumerateArray()).Select(static line => line.GetString())];
    }

    private Task StartAsync(string id, string? body = null) => ExpectAsync(HttpMethod.Post, "/api/tasks", body ?? $$"""{"name":"outside","task_id":"{{id}}"}""", HttpStatusCode.Created);

    private Task ReportAsync(string id, string report) => ExpectAsync(HttpMethod.Put, $"/api/tasks/{id}", report, HttpStatusCode.OK);

    private async Task ExpectAsync(HttpMethod method, string path, string body, HttpStatusCode expected)
    {
        var (status, json) = await SendAsync(method, path, body);
        Assert.True(status == expected, $"{status}: {json}");
    }

    private async Task<(HttpStatusCode Status, JsonElement Json)> SendAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        using var response = await _server.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? default : JsonElement.Parse(text));
    }
}

public sealed class LaneTaskRoutes : TaskRouteRules
{
    protected override string Pump => "lanes";
}

public sealed class StreamTaskRoutes : TaskRouteRules
{
    protected override string Pump => "streams";
}

using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using TestKit;

namespace Tidings.Tasks.Tests.Faults;

/// <summary>Callers whose connection breaks while their request is carried out, with tasks in PostgreSQL, which takes its time.</summary>
public sealed class HangUpTests : IAsyncLifetime
{
    private const int Tasks = 40;

    private TestServer _server = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        // No end is told late by whoever looks for what is due.
        _server = await TestServer.StartAsync("auto", settings: [("Tidings:PostgreSql", PostgreSqlServer.Shared.CreateDatabase()), ("Tidings:Tasks:Lease", "5m"), ("Tidings:Tasks:StartTimeout", "5m")]);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{_server.Port}") };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Every_viewer_hears_the_end_though_the_worker_hung_up_and_its_repeat_tells_it_at_the_latest()
    {
        var viewers = new List<RawWebSocket>();
        for (var i = 0; i < Tasks; i++)
        {
            (await _http.PostAsJsonAsync("/api/tasks", new { name = "outside", task_id = $"t{i}" })).EnsureSuccessStatusCode();
            viewers.Add(await _server.ConnectAsync($"/ws/tasks/t{i}"));
            await viewers[i].ReceiveTextAsync();
        }

        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(i => HangUpAsync("PUT", $"/api/tasks/t{i}", """{"status":"completed"}""", i)));
        for (var i = 0; i < Tasks; i++)
        {
            using var repeat = await _http.PutAsJsonAsync($"/api/tasks/t{i}", new { status = "completed" });
            repeat.EnsureSuccessStatusCode();
            while (!(await viewers[i].ReceiveTextAsync()).Contains("completed", StringComparison.Ordinal))
            {
            }

            await viewers[i].DisposeAsync();
        }
    }

    [Fact]
    public async Task A_task_whose_starter_hung_up_runs_or_is_not_there()
    {
        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(i => HangUpAsync("POST", "/api/tasks", $$$"""{"name":"demo","task_id":"t{{{i}}}","data":{"files":1}}""", i)));
        for (var i = 0; i < Tasks; i++)
        {
            var last = "";
            await Eventually.TrueAsync(async () =>
            {
                using var answer = await _http.GetAsync(new Uri($"/api/tasks/t{i}", UriKind.Relative));
                last = await answer.Content.ReadAsStringAsync();
                return answer.StatusCode == System.Net.HttpStatusCode.NotFound || JsonElement.Parse(last).GetProperty("status").GetString() == "completed";
            }, () => last);
        }
    }

    // The connection is reset some time after the request: sooner for the first than for the last.
    private async Task HangUpAsync(string method, string path, string body, int order)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(enable: true, seconds: 0) };
        await socket.ConnectAsync("127.0.0.1", _server.Port);
        await socket.SendAsync(Encoding.UTF8.GetBytes($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        for (var i = 0; i < order; i++)
        {
            await Task.Yield();
            Thread.SpinWait(2000);
        }
    }
}

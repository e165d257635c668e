using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Tidings.Tasks.Tests.Faults;

/// <summary>How fast outputs are. Not part of ./test: Tidings.Tasks.Tests -explicit only -class '*OutputFigures'.</summary>
public sealed class OutputFigures
{
    private const int Runs = 200;
    private const int Seconds = 10;
    private const int PerSecond = 50;

    [Theory(Explicit = true)]
    [InlineData("memory")]
    [InlineData("data")]
    public async Task Chunks_reach_their_viewers(string engine)
    {
        var directory = Path.Combine(Path.GetTempPath(), "tidings-figures-" + Guid.NewGuid().ToString("N"));
        await using var server = await StartAsync(engine == "data" ? [("Tidings:Data", directory)] : []);
        server.Services.Node.Tasks.Starting.Add(new TaskKind("say", static async (run, cancelled) =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PerSecond));
            for (var i = 0; i < Seconds * PerSecond && await timer.WaitForNextTickAsync(cancelled); i++)
            {
                await run.Output.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetTimestamp()} a token or two; "), cancelled);
            }

            return default;
        }));
        var ids = Enumerable.Range(0, Runs).Select(static i => $"run{i}").ToArray();
        foreach (var id in ids)
        {
            await server.Services.Node.Tasks.Facade.StartAsync("say", 0, new TaskStartOptions { Id = id });
        }

        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var began = TimeProvider.System.GetTimestamp();
        var delays = (await Task.WhenAll(ids.SelectMany(static id => new[] { id, id }).Select(id => ViewAsync(server, id)))).SelectMany(static one => one).Order().ToList();
        var took = TimeProvider.System.GetElapsedTime(began);
        Report($"{engine}: {Runs} runs at {PerSecond}/s with two viewers each: {delays.Count} chunks seen, median {delays[delays.Count / 2]:0.0} ms, p99 {delays[delays.Count * 99 / 100]:0.0} ms, largest {delays[^1]:0} ms; "
            + $"{(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds:0.0} s of CPU in {took.TotalSeconds:0.0} s, viewers and model with it");
        Assert.Equal(2 * Runs * Seconds * PerSecond, delays.Count);
    }

    [Theory(Explicit = true)]
    [InlineData("memory")]
    [InlineData("data")]
    public async Task A_viewer_has_a_megabyte_at_once(string engine)
    {
        var directory = Path.Combine(Path.GetTempPath(), "tidings-figures-" + Guid.NewGuid().ToString("N"));
        await using var server = await StartAsync(engine == "data" ? [("Tidings:Data", directory)] : []);
        await server.Services.Node.Tasks.Facade.StartAsync("outside", 0, new TaskStartOptions { Id = "a" });
        var token = Encoding.ASCII.GetBytes("a token of 20 bytes ");
        for (var i = 0; i < 50_000; i++)
        {
            await server.Services.Node.Tasks.Registry.Outputs.AppendAsync("a", token, null, isBinary: false);
        }

        using var http = new HttpClient();
        for (var round = 0; round < 3; round++)
        {
            var began = TimeProvider.System.GetTimestamp();
            var whole = (await http.GetByteArrayAsync(new Uri(server.Url, "/api/tasks/a/output"))).Length;
            var read = TimeProvider.System.GetElapsedTime(began);
            began = TimeProvider.System.GetTimestamp();
            await using var viewer = await server.ConnectAsync("/ws/tasks/a?output=true");
            long next = 0;
            while (next < whole)
            {
                var message = JsonDocument.Parse(await viewer.ReceiveTextAsync()).RootElement;
                next = message.TryGetProperty("next", out var at) ? at.GetInt64() : next;
            }

            Report($"{engine}: {whole} bytes in {read.TotalMilliseconds:0} ms by GET, in {TimeProvider.System.GetElapsedTime(began).TotalMilliseconds:0} ms by WebSocket with its handshake");
        }
    }

    [Theory(Explicit = true)]
    [InlineData("memory", 64)]
    [InlineData("data", 64)]
    public async Task Appends_by_durable_streams(string engine, int writers)
    {
        var directory = Path.Combine(Path.GetTempPath(), "tidings-figures-" + Guid.NewGuid().ToString("N"));
        await using var server = await StartAsync([("Tidings:Streams:Enabled", "true"), .. engine == "data" ? [("Tidings:Data", directory)] : Array.Empty<(string, string)>()]);
        var address = $"/streams/figures-";
        using var http = new HttpClient { BaseAddress = server.Url };
        for (var i = 0; i < writers; i++)
        {
            (await http.PutAsync(address + i, new ByteArrayContent([]) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain") } })).EnsureSuccessStatusCode();
        }

        // Written by hand: HttpClient alone would take both cores.
        var request = string.Create(CultureInfo.InvariantCulture, $"Host: localhost\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\na token of 20 bytes ");
        var count = 0L;
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        var began = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(i => Task.Run(async () =>
        {
            const int Pipelined = 8;
            using var tcp = new System.Net.Sockets.TcpClient("localhost", server.Port) { NoDelay = true };
            var stream = tcp.GetStream();
            var batch = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"POST {address}{i} HTTP/1.1\r\n{request}", Pipelined)));
            var buffer = new byte[16 * 1024];
            while (!limit.IsCancellationRequested)
            {
                await stream.WriteAsync(batch);
                for (var answered = 0; answered < Pipelined;)
                {
                    var length = await stream.ReadAsync(buffer);
                    Assert.NotEqual(0, length);
                    answered += buffer.AsSpan(0, length).Count("HTTP/1.1 204"u8);
                }

                Interlocked.Add(ref count, Pipelined);
            }
        })));
        var took = TimeProvider.System.GetElapsedTime(began);
        Report($"{engine}: {count / took.TotalSeconds:0} appends of 20 bytes a second by {writers} connections; {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMicroseconds / count:0.0} µs of CPU each, writers with them");
    }

    private static Task<TestServer> StartAsync((string, string)[] settings) =>
        TestServer.StartAsync("lanes", settings: [("Tidings:Tasks:Parallelism", "1000"), ("Tidings:Limits:Preset", "none"), .. settings]);

    private static void Report(string line)
    {
        TestContext.Current.SendDiagnosticMessage(line);
        File.AppendAllText(Path.Combine(Path.GetTempPath(), "tidings-output-figures.txt"), line + "\n");
    }

    private static async Task<List<double>> ViewAsync(TestServer server, string id)
    {
        await using var viewer = await server.ConnectAsync($"/ws/tasks/{id}?output=true");
        List<double> delays = [];
        while (true)
        {
            var text = await viewer.ReceiveTextAsync(TimeSpan.FromSeconds(20));
            var seen = TimeProvider.System.GetTimestamp();
            var message = JsonDocument.Parse(text).RootElement;
            if (message.TryGetProperty("text", out var tokens))
            {
                foreach (var token in tokens.GetString()!.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                {
                    delays.Add(TimeProvider.System.GetElapsedTime(long.Parse(token.Split(' ')[0], CultureInfo.InvariantCulture), seen).TotalMilliseconds);
                }
            }
            else if (message.TryGetProperty("type", out var type) && type.ValueEquals("end"))
            {
                Assert.Equal("completed", message.GetProperty("status").GetString());
                return delays;
            }
        }
    }
}

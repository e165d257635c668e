using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using TestKit;

namespace Tidings.Tasks.Tests.Outputs;

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
        var ledgers = Enumerable.Range(0, Runs).Select(static i => new RunLedger($"run{i}")).ToArray();
        server.Services.Node.Tasks.Starting.Add(new TaskKind("say", async (run, cancelled) =>
        {
            var ledger = ledgers[JsonSerializer.Deserialize<int>(run.Data.Span)];
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PerSecond));
            for (var i = 0; i < Seconds * PerSecond && await timer.WaitForNextTickAsync(cancelled); i++)
            {
                var chunk = string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetTimestamp()} a token or two, {i}; ");
                await run.Output.WriteAsync(chunk, cancelled);
                ledger.Accept(chunk);
            }

            return default;
        }));
        for (var i = 0; i < Runs; i++)
        {
            await server.Services.Node.Tasks.Facade.StartAsync("say", i, new TaskStartOptions { Id = ledgers[i].Id });
        }

        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var began = TimeProvider.System.GetTimestamp();
        var views = await Task.WhenAll(ledgers.SelectMany(static ledger => new[] { ledger, ledger }).Select(async ledger => (Ledger: ledger, View: await ViewAsync(server, ledger.Id))));
        var took = TimeProvider.System.GetElapsedTime(began);
        var delays = views.SelectMany(static one => one.View.Delays).Order().ToList();
        Report($"{engine}: {Runs} runs at {PerSecond}/s with two viewers each: {delays.Count} chunks seen, median {delays[delays.Count / 2]:0.0} ms, p99 {delays[delays.Count * 99 / 100]:0.0} ms, largest {delays[^1]:0} ms; "
            + $"{(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds:0.0} s of CPU in {took.TotalSeconds:0.0} s, viewers and model with it; {Process.GetCurrentProcess().WorkingSet64 >> 20} MB");
        Assert.Empty(views.Select(static one => one.Ledger.FaultOf(one.View.Sight)).OfType<string>());
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
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(8));
        var writing = Enumerable.Range(0, writers).Select(i => Task.Run(async () =>
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
        })).ToArray();

        // Not while everything is compiled.
        await Task.Delay(TimeSpan.FromSeconds(3));
        var (began, cpu, warm) = (TimeProvider.System.GetTimestamp(), Process.GetCurrentProcess().TotalProcessorTime, Interlocked.Read(ref count));
        await Task.WhenAll(writing);
        var took = TimeProvider.System.GetElapsedTime(began);
        count -= warm;
        Report($"{engine}: {count / took.TotalSeconds:0} appends of 20 bytes a second by {writers} connections; {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMicroseconds / count:0.0} µs of CPU each, writers with them");
    }

    [Theory(Explicit = true)]
    [InlineData("memory")]
    [InlineData("data")]
    public async Task What_a_hundred_thousand_runs_keep(string engine)
    {
        const int Many = 100_000;
        const string Answer = "Hello, this is what a short answer has: a hundred bytes or so, which nobody looks at, in the end. ";
        var directory = Path.Combine(Path.GetTempPath(), "tidings-figures-" + Guid.NewGuid().ToString("N"));
        await using var server = await StartAsync([("Tidings:Tasks:MemoryBytes", "128MB"), .. engine == "data" ? [("Tidings:Data", directory)] : Array.Empty<(string, string)>()]);
        using var places = new SemaphoreSlim(900);
        server.Services.Node.Tasks.Starting.Add(new TaskKind("say", async (run, cancelled) =>
        {
            await run.Output.WriteAsync(Answer, cancelled);
            places.Release();
            return default;
        }));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Many; i++)
        {
            await places.WaitAsync(TimeSpan.FromSeconds(60));
            await server.Services.Node.Tasks.Facade.StartAsync("say", 0, new TaskStartOptions { Id = $"run{i}" });
        }

        for (var i = 0; i < Many; i++)
        {
            var id = $"run{i}";
            await Eventually.TrueAsync(async () => await server.Services.Node.Tasks.Facade.FindAsync(id) is { IsFinal: true }, () => $"{id} has ended");
            Assert.Equal(Answer.Length, (await server.Services.Node.Tasks.Registry.Outputs.ReadAsync(id, 0, 0))!.Value.Length);
        }

        var took = TimeProvider.System.GetElapsedTime(began);
        Report($"{engine}: {Many} runs of {Answer.Length} bytes each in {took.TotalSeconds:0.0} s; {(GC.GetTotalMemory(forceFullCollection: true) - before) / Many} bytes of the heap each, {Process.GetCurrentProcess().WorkingSet64 >> 20} MB all in all");
    }

    private static Task<TestServer> StartAsync((string, string)[] settings) =>
        TestServer.StartAsync("lanes", settings: [("Tidings:Tasks:Parallelism", "1000"), ("Tidings:Limits:Preset", "none"), .. settings]);

    private static void Report(string line)
    {
        var load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
        TestContext.Current.SendDiagnosticMessage(line);
        File.AppendAllText(Path.Combine(Path.GetTempPath(), "tidings-output-figures.txt"), $"{line} (load {load})\n");
    }

    private static async Task<(OutputSight Sight, List<double> Delays)> ViewAsync(TestServer server, string id)
    {
        await using var viewer = await server.ConnectAsync($"/ws/tasks/{id}?output=true");
        List<double> delays = [];
        var (text, taken) = (new StringBuilder(), 0);
        while (true)
        {
            var message = JsonDocument.Parse(await viewer.ReceiveTextAsync(TimeSpan.FromSeconds(20))).RootElement;
            var seen = TimeProvider.System.GetTimestamp();
            if (message.TryGetProperty("text", out var tokens))
            {
                text.Append(tokens.GetString());
                var all = text.ToString(taken, text.Length - taken);
                foreach (var token in all[..(all.LastIndexOf(';') + 1)].Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                {
                    delays.Add(TimeProvider.System.GetElapsedTime(long.Parse(token.Split(' ')[0], CultureInfo.InvariantCulture), seen).TotalMilliseconds);
                }

                taken += all.LastIndexOf(';') + 1;
            }
            else if (message.TryGetProperty("type", out var type) && type.ValueEquals("end"))
            {
                return (new OutputSight("WebSocket", text.ToString(), message.GetProperty("status").GetString()), delays);
            }
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using TestKit;

namespace Tidings.Tasks.Tests.Faults;

/// <summary>10,000 reports a second from one worker to a hundred viewers.</summary>
[Collection(nameof(FastReporters))]
public sealed class FastReporters(ITestOutputHelper output)
{
    private const int Viewers = 100;
    private const int PerSecond = 10_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Cost_viewers_ten_states_a_second_and_no_memory()
    {
        await using var server = await TestServer.StartAsync("lanes");
        var sent = 0;
        server.Services.Node.Tasks.Starting.Add(new TaskKind("fast", async (invocation, _) =>
        {
            sent = await ReportAsync(value => invocation.Progress.Report(value, Now()));
            return default;
        }));
        await MeasureAsync(server, async () => (await server.Services.Node.Tasks.Facade.StartAsync("fast")).Id, () => sent);
    }

    [Fact]
    public async Task Over_http_cost_viewers_the_same()
    {
        await using var server = await TestServer.StartAsync("lanes");
        var sent = 0;
        await MeasureAsync(server, async () =>
        {
            var id = (await server.Services.Node.Tasks.Facade.StartAsync("outside")).Id;
            _ = Task.Run(async () =>
            {
                var began = Stopwatch.GetTimestamp();
                await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
                {
                    while (Stopwatch.GetElapsedTime(began) is var passed && passed < Duration)
                    {
                        await PutAsync(server, id, string.Create(CultureInfo.InvariantCulture, $"{{\"progress\":{passed / Duration * 99:0.000},\"message\":\"{Now()}\"}}"));
                        Interlocked.Increment(ref sent);
                    }
                }));
                await PutAsync(server, id, "{\"status\":\"completed\"}");
            });
            return id;
        }, () => sent);
    }

    private static string Now() => Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture);

    private static async Task PutAsync(TestServer server, string id, string json)
    {
        using var content = new StringContent(json, new MediaTypeHeaderValue("application/json"));
        using var response = await server.Http.PutAsync(new Uri("/api/tasks/" + id, UriKind.Relative), content);
    }

    private static async Task<int> ReportAsync(Action<double> report)
    {
        var began = Stopwatch.GetTimestamp();
        var count = 0;
        while (Stopwatch.GetElapsedTime(began) is var passed && passed < Duration)
        {
            while (count < passed.TotalSeconds * PerSecond)
            {
                report(passed / Duration * 99);
                count++;
            }

            await Task.Delay(1);
        }

        return count;
    }

    private async Task MeasureAsync(TestServer server, Func<Task<string>> start, Func<int> sent)
    {
        var id = await start();
        var watching = Enumerable.Range(0, Viewers).Select(_ => WatchAsync(server, id)).ToArray();
        var memory = new List<long>();
        var all = Task.WhenAll(watching);
        while (!all.IsCompleted)
        {
            await Task.WhenAny(all, Task.Delay(500));
            memory.Add(GC.GetTotalMemory(forceFullCollection: true));
        }

        var delays = (await all).SelectMany(static delay => delay).Order().ToArray();
        var summary = string.Create(CultureInfo.InvariantCulture,
            $"{sent() / Duration.TotalSeconds:0} reports/s, {delays.Length / Duration.TotalSeconds / Viewers:0.0} states/s to each of {Viewers}; "
            + $"from report to viewer: median {delays[delays.Length / 2]:0} ms, p99 {delays[(int)(delays.Length * 0.99)]:0} ms, most {delays[^1]:0} ms; "
            + $"memory {string.Join(' ', memory.Select(static bytes => $"{bytes / 1e6:0.0}"))} MB");
        output.WriteLine(summary);

        // What a busy machine may take on top is not what is shown here.
        Assert.True(delays[delays.Length / 2] < 150, summary);
        Assert.True(delays.Length <= Viewers * ((Duration.TotalSeconds * 10.5) + 5), summary);
        Assert.True(memory[^2] - memory[2] < 5_000_000, summary);
        await server.ExpectIdleAsync();
    }

    // Each state bears when it was reported: how old the viewer sees it.
    private static async Task<List<double>> WatchAsync(TestServer server, string id)
    {
        await using var socket = await server.ConnectAsync("/ws/tasks/" + id);
        var delays = new List<double>();
        while (true)
        {
            var frame = await socket.ReceiveAsync();
            if (frame.Opcode == RawFrame.CloseOpcode)
            {
                return delays;
            }

            if (Protocol.TaskStateJson.Read(frame.Payload) is { IsFinal: false, Message: { } reported })
            {
                delays.Add(Stopwatch.GetElapsedTime(long.Parse(reported, CultureInfo.InvariantCulture)).TotalMilliseconds);
            }
        }
    }
}

/// <summary>It looks at the memory of the whole process: no other test runs meanwhile.</summary>
[CollectionDefinition(nameof(FastReporters), DisableParallelization = true)]
public sealed class FastReportersAlone;

using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using TestKit;

namespace Tidings.Tasks.Tests.Outputs;

/// <summary>What a producer was told is kept, every viewer sees: whatever keeps it, whoever writes it, however it is looked at.</summary>
public sealed class EveryChunkTests
{
    private const int Runs = 10;
    private const int Chunks = 60;

    private static readonly string[] Words = ["a", "token ", "ä€😀 ", "x\"\\y ", new('z', 300), "\u2028"];

    [Theory]
    [InlineData("memory")]
    [InlineData("data")]
    [InlineData("redis")]
    [InlineData("postgres")]
    public async Task Every_chunk_that_was_accepted_is_seen_by_every_viewer(string engine)
    {
        var seed = Seeds.Next();
        await using var redis = engine == "redis" ? await RedisServer.StartAsync() : null;
        var directory = engine == "data" ? Directory.CreateTempSubdirectory("tidings-chunks-") : null;
        try
        {
            (string, string?)[] keeps = engine switch
            {
                "data" => [("Tidings:Data", directory!.FullName)],
                "redis" => [("Tidings:Redis", redis!.Address)],
                "postgres" => [("Tidings:PostgreSql", PostgreSqlServer.Shared.CreateDatabase())],
                _ => [],
            };
            await using var server = await TestServer.StartAsync("lanes", settings: [("Tidings:Streams:Enabled", "true"), ("Tidings:Tasks:Parallelism", "100"), .. keeps]);
            var faults = await RunAsync(server, seed);
            Assert.True(faults.Count == 0, $"With TIDINGS_SEED={seed}: {string.Join('\n', faults)}");
        }
        finally
        {
            directory?.Delete(recursive: true);
        }
    }

    private static async Task<IReadOnlyList<string>> RunAsync(TestServer server, int seed)
    {
        var ledgers = Enumerable.Range(0, Runs).Select(static i => new RunLedger($"run{i}")).ToArray();
        server.Services.Node.Tasks.Starting.Add(new TaskKind("say", async (run, cancelled) =>
        {
            var number = JsonSerializer.Deserialize<int>(run.Data.Span);
            await SayAsync(new Random(seed + number), ledgers[number], async chunk => await run.Output.WriteAsync(chunk, cancelled));
            return default;
        }));
        List<Task> workers = [];
        for (var i = 0; i < Runs; i++)
        {
            await server.Services.Node.Tasks.Facade.StartAsync(i % 2 == 0 ? "say" : "elsewhere", i, new TaskStartOptions { Id = ledgers[i].Id });
            if (i % 2 == 1)
            {
                workers.Add(WorkAsync(server, new Random(seed + i), ledgers[i]));
            }
        }

        var random = new Random(seed);
        var sights = await Task.WhenAll(ledgers.SelectMany(_ => OutputViews.All, (ledger, way) => (ledger, way)).Select(async pair =>
            (pair.ledger, Sight: await pair.way.View(server, pair.ledger.Id, random.Next(1, 20)).WaitAsync(TimeSpan.FromSeconds(60)))));
        await Task.WhenAll(workers);
        return [.. sights.Select(static pair => pair.ledger.FaultOf(pair.Sight)).OfType<string>()];
    }

    // At the pace of a model, with rests.
    private static async Task SayAsync(Random random, RunLedger ledger, Func<string, Task> writeAsync)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        for (var i = 0; i < Chunks; i++)
        {
            var chunk = string.Create(CultureInfo.InvariantCulture, $"{i}:{Words[random.Next(Words.Length)]};");
            await writeAsync(chunk);
            ledger.Accept(chunk);
            for (var rest = random.Next(4); rest > 0; rest--)
            {
                await pace.WaitForNextTickAsync();
            }
        }
    }

    // A worker elsewhere, whose chunks end within characters, too.
    private static async Task WorkAsync(TestServer server, Random random, RunLedger ledger)
    {
        var end = 0L;
        await SayAsync(random, ledger, async chunk =>
        {
            var bytes = Encoding.UTF8.GetBytes(chunk);
            var cut = random.Next(1, bytes.Length);
            foreach (var part in new[] { bytes[..cut], bytes[cut..] })
            {
                using var answer = await server.Http.PostAsync(new Uri(server.Url, $"/api/tasks/{ledger.Id}/output?offset={end}"), new ByteArrayContent(part) { Headers = { ContentType = new("text/plain") } });
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                end += part.Length;
            }
        });
        using var ended = await server.Http.PutAsync(new Uri(server.Url, $"/api/tasks/{ledger.Id}"), new StringContent("""{"status":"completed"}""", Encoding.UTF8, "application/json"));
        ended.EnsureSuccessStatusCode();
    }
}

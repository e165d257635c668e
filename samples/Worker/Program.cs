// A worker in a process of its own: dotnet run --project samples/Worker -- http://localhost:8000 <task id>
// It reports over HTTP, with the key in WORKER_KEY where the server has one.
using System.Text.Json.Serialization;
using Tidings.Client;

var (server, id) = (new Uri(args[0]), args[1]);
await using var tidings = new TidingsClient(new Uri(server, "connect"), new TidingsClientOptions
{
    WorkerKey = Environment.GetEnvironmentVariable("WORKER_KEY"),
});

await using var task = tidings.ReportTask(id);
try
{
    for (var file = 1; file <= 20; file++)
    {
        await Task.Delay(50, task.Ended);
        task.Report(100.0 * file / 20, $"{file} of 20 files");
    }

    await task.CompleteAsync(new Summary(20), SampleJson.Default.Summary);
    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Somebody cancelled it.");
    return 1;
}

internal sealed record Summary(int Files);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Summary))]
internal sealed partial class SampleJson : JsonSerializerContext;

/// <summary>Names this program for tests.</summary>
public sealed class WorkerSample;

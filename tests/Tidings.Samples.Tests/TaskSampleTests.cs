using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Tidings.Samples.Tests;

/// <summary>Tasks, of the application itself and of workers in processes of their own.</summary>
public sealed class TaskSampleTests
{
    private const string WorkerKey = "key-of-the-workers";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_task_of_the_application()
    {
        await using var app = new WebApplicationFactory<TasksSample>();
        using var http = app.CreateClient();
        var accepted = await http.PostAsJsonAsync(new Uri("/imports", UriKind.Relative), new { rows = 20 });
        var id = (await accepted.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>()).GetProperty("id").GetString();
        await using var ws = await app.ConnectWebSocketAsync($"/ws/tasks/{id}");
        string text;
        do
        {
            text = await ws.ReceiveTextAsync();
        }
        while (!text.Contains("\"completed\"", StringComparison.Ordinal));

        Assert.Equal("{\"task_id\":\"" + id + """
            ","name":"import","status":"completed","progress":100,"message":"20 of 20 rows","result":{"count":20}}
            """, text);
        Assert.Equal("Goodbye", await ws.ExpectCloseAsync(1000));
    }

    // In its own output there is all that it needs.
    [Fact]
    public Task A_worker_in_dotnet() => WorkAsync("dotnet", Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../Worker/release/Worker.dll")));

    [Fact]
    public Task A_worker_in_python() => WorkAsync("/usr/bin/python3", Path.Combine(AppContext.BaseDirectory, "samples", "worker.py"));

    private static async Task WorkAsync(string program, string script)
    {
        await using var server = await StartAsync();
        var tasks = server.Services.GetRequiredService<ITasks>();
        var done = await tasks.StartAsync("outside");
        Assert.Equal(0, (await RunAsync(program, script, server.Urls.First(), done.Id)).Code);
        var states = new List<TaskState>();
        await foreach (var state in tasks.WatchAsync(done.Id).WithCancellation(new CancellationTokenSource(Limit).Token))
        {
            states.Add(state);
        }

        Assert.Equal((WorkStatus.Completed, "20 of 20 files", """{"files":20}"""), (states[^1].Status, states[^1].Message, Encoding.UTF8.GetString(states[^1].Result.Span).Replace(" ", "", StringComparison.Ordinal)));

        var cancelled = await tasks.StartAsync("outside");
        await tasks.CancelAsync(cancelled.Id);
        var (code, error) = await RunAsync(program, script, server.Urls.First(), cancelled.Id);
        Assert.Equal(1, code);
        Assert.Contains("cancelled", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Error)> RunAsync(string program, params string[] arguments)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardError = true } };
        process.StartInfo.Environment["WORKER_KEY"] = WorkerKey;
        process.Start();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var error = await process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        builder.Services.AddTidings(static options => options.WorkerKey = WorkerKey);
        var app = builder.Build();
        app.MapTidings("/connect");
        app.MapTasks();
        await app.StartAsync();
        return app;
    }
}

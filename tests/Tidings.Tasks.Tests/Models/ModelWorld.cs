using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Services;

namespace Tidings.Tasks.Tests.Models;

/// <summary>An application whose model a test tells what to say.</summary>
internal sealed class ModelWorld : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ModelWorld(WebApplication app) => _app = app;

    public ToldModel Model { get; private init; } = null!;

    public HttpClient Http { get; private init; } = null!;

    public ITasks Tasks => _app.Services.GetRequiredService<ITasks>();

    public static async Task<ModelWorld> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").UseTidings();
        var model = new ToldModel();
        builder.Services.AddSingleton<IChatClient>(model);
        builder.Services.AddTidings();
        var app = builder.Build();
        app.MapTasks().MapChat("answer", static options => options.Options = new ChatOptions { Instructions = "Be brief." }).AllowCancel();
        app.MapUIMessageStream("/api/chat", "answer");
        await app.StartAsync();
        return new ModelWorld(app) { Model = model, Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) } };
    }

    /// <summary>The output, when it has ended or has so many characters.</summary>
    public async Task<(string Text, bool HasEnded)> OutputAsync(string id, int least)
    {
        (string Text, bool HasEnded) read = default;
        await TestKit.Eventually.TrueAsync(
            async () =>
            {
                using var answer = await Http.GetAsync(new Uri($"/api/tasks/{id}/output", UriKind.Relative));
                read = (await answer.Content.ReadAsStringAsync(), answer.Headers.Contains("Stream-Closed"));
                return read.HasEnded || read.Text.Length >= least;
            },
            () => "the output is there");
        return read;
    }

    public async Task<TaskState> EndOfAsync(string id)
    {
        TaskState? last = null;
        using var limit = new CancellationTokenSource(TestKit.Eventually.Limit);
        await foreach (var state in Tasks.WatchAsync(id, limit.Token))
        {
            last = state;
        }

        return last!;
    }

    /// <summary>How many connections there are.</summary>
    public int Connections => _app.Services.GetTidings().Node.Registry.Count;

    public async ValueTask DisposeAsync()
    {
        Model.End();
        Http.Dispose();
        await _app.DisposeAsync();
    }
}

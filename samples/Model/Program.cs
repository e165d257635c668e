// dotnet run --project samples/Model --urls http://localhost:5000
// The answer of a language model, token by token: open http://localhost:5000, ask, reload in the middle, open its address in a second tab, stop it in either.
// The model is a script, so that nothing else is needed; any other IChatClient stands in its place. With --Redis localhost:6379 several nodes show one answer.
using Microsoft.Extensions.AI;
using Samples.Model;
using Tidings;

var builder = WebApplication.CreateBuilder(args);
var tidings = builder.Services.AddTidings();
if (builder.Configuration["Redis"] is { Length: > 0 } redis)
{
    tidings.AddRedis(redis);
}

builder.Services.AddSingleton<IChatClient>(new ScriptedModel(builder.Configuration["Script"] ?? ScriptedModel.Fable, builder.Configuration.GetValue("Pause", 60)));
builder.WebHost.UseTidings();
var app = builder.Build();

app.MapTidings("/connect");
app.MapTasks().MapChat("answer").AllowCancel();

app.MapPost("/ask", async (Question question, ITasks tasks) =>
{
    var task = await tasks.StartAsync("answer", ChatTaskRequest.Ask(question.Text));
    return Results.Accepted($"/api/tasks/{task.Id}", new { id = task.Id });
});

// What useChat of @ai-sdk/react calls.
app.MapUIMessageStream("/api/chat", "answer");

app.MapPage();
app.Run();

internal sealed record Question(string Text);

/// <summary>Names this program for tests.</summary>
public sealed class ModelSample;

// dotnet run --project samples/Tasks --urls http://localhost:5000
// Work that takes long: started by a request, done in the background, watched by whoever has its id. Open http://localhost:5000.
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.Services.AddScoped<Shop>();
builder.WebHost.UseTidings();
var app = builder.Build();

app.MapTidings("/connect");
var tasks = app.MapTasks();

tasks.Map("import", async (ImportArgs args, TaskProgress progress, Shop shop, CancellationToken cancelled) =>
{
    for (var row = 1; row <= args.Rows; row++)
    {
        await shop.AddAsync($"item {row}", cancelled);
        progress.Report(100.0 * row / args.Rows, $"{row} of {args.Rows} rows");
    }

    return new { shop.Count };
}).AllowCancel();

app.MapPost("/imports", async (ImportArgs args, ITasks tasks) =>
{
    var task = await tasks.StartAsync("import", args);
    return Results.Accepted($"/api/tasks/{task.Id}", new { id = task.Id });
});

app.MapPage();
app.Run();

internal sealed record ImportArgs(int Rows);

internal sealed class Shop
{
    public int Count { get; private set; }

    public async Task AddAsync(string item, CancellationToken cancelled)
    {
        await Task.Delay(10, cancelled);
        Count += item.Length > 0 ? 1 : 0;
    }
}

/// <summary>Names this program for tests.</summary>
public sealed class TasksSample;

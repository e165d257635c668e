// dotnet run --project samples/BackgroundTask --urls http://localhost:5000
// A task beside the handler, which ends with it. (.WithTextHeartbeat() says the same pings without a task.)
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

app.MapWebSocket("/ws", async (WebSocketConnection ws, TimeProvider time) =>
{
    await ws.AcceptAsync();
    using var done = CancellationTokenSource.CreateLinkedTokenSource(ws.Aborted);
    var heartbeat = HeartbeatAsync(ws, time, done.Token);
    try
    {
        while (await ws.ReceiveTextAsync() is { } text)
        {
            await ws.SendTextAsync($"Processed: {text}");
        }
    }
    finally
    {
        await done.CancelAsync();
        await heartbeat;
    }
});

app.Run();

static async Task HeartbeatAsync(WebSocketConnection ws, TimeProvider time, CancellationToken stopping)
{
    using var timer = new PeriodicTimer(TimeSpan.FromSeconds(30), time);
    try
    {
        while (await timer.WaitForNextTickAsync(stopping))
        {
            await ws.SendJsonAsync(new { type = "ping" }, stopping);
        }
    }
    catch (Exception error) when (error is OperationCanceledException or WebSocketDisconnectException)
    {
    }
}

public sealed class BackgroundTaskSample;

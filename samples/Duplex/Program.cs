// dotnet run --project samples/Duplex --urls http://localhost:5000
// Receives and sends at once: neither waits for the other, and the end of one is the end of both.
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

app.MapWebSocket("/ws", async (WebSocketConnection ws, TimeProvider time, CancellationToken stopping) =>
{
    async Task SendAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(5), time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            await ws.SendTextAsync("Ping", stopping);
        }
    }

    async Task ReceiveAsync()
    {
        while (await ws.ReceiveTextAsync(stopping) is { } text)
        {
            await ws.SendTextAsync($"Received: {text}", stopping);
        }
    }

    await ws.AcceptAsync();
    var first = await Task.WhenAny(SendAsync(), ReceiveAsync());
    await first;
});

app.Run();

public sealed class DuplexSample;

// dotnet run --project samples/Echo --urls http://localhost:5000
using System.ComponentModel.DataAnnotations;
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

// Text.
app.MapWebSocket("/ws", async ws =>
{
    while (await ws.ReceiveTextAsync() is { } text)
    {
        await ws.SendTextAsync($"Echo: {text}");
    }
});

// JSON: what is no Greeting is answered with what is wrong, and passed over.
app.MapWebSocket("/ws/json", async ws =>
{
    await ws.SendJsonAsync(new { type = "greeting", message = "Hello" });
    await foreach (var greeting in ws.ReadAllJsonAsync<Greeting>())
    {
        await ws.SendJsonAsync(new { type = "response", message = greeting.Message });
    }
});

// Bytes.
app.MapWebSocket("/ws/bytes", async ws =>
{
    while (await ws.ReceiveBytesAsync() is { } bytes)
    {
        await ws.SendBytesAsync(bytes);
    }
});

// Whatever comes.
app.MapWebSocket("/ws/any", async ws =>
{
    while (true)
    {
        var message = await ws.ReceiveAsync();
        switch (message.Kind)
        {
            case WebSocketMessageKind.Text:
                await ws.SendTextAsync($"Echo: {message.Text}");
                break;
            case WebSocketMessageKind.Binary:
                await ws.SendBytesAsync(message.Bytes);
                break;
            default:
                app.Logger.LogInformation("Client disconnected: {Code} {Reason}", message.CloseCode, message.CloseReason);
                return;
        }
    }
});

// 10 messages a second, 10 KB each: more is answered with an error.
app.MapWebSocket("/ws/limited", async ws =>
{
    while (await ws.ReceiveTextAsync() is { } text)
    {
        await ws.SendTextAsync($"Echo: {text}");
    }
}).WithLimits(LimitPreset.Small);

app.Run();

public sealed record Greeting([Required] string Type, [StringLength(100)] string? Message);

public sealed class EchoSample;

// dotnet run --project samples/Quit --urls http://localhost:5000
using System.Text.Json;
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
{
    try
    {
        await foreach (var message in ws.ReadAllJsonAsync<Said>())
        {
            if (message.Type == "quit")
            {
                await ws.CloseAsync(1000, "Goodbye");
                return;
            }

            await ws.SendJsonAsync(new { type = "said", data = message.Data });
        }
    }
    catch (WebSocketDisconnectException end)
    {
        app.Logger.LogInformation("Disconnected: code={Code}, reason={Reason}", end.Code, end.Reason);
    }
});

app.Run();

public sealed record Said(string Type, JsonElement? Data);

public sealed class QuitSample;

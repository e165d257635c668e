// dotnet run --project samples/Timeout --urls http://localhost:5000
// Who says nothing for 30 s is asked, once; then it is the handler's decision.
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
{
    var asked = false;
    while (true)
    {
        try
        {
            if (await ws.ReceiveTextAsync(TimeSpan.FromSeconds(30)) is not { } text)
            {
                return;
            }

            asked = false;
            await ws.SendTextAsync($"Echo: {text}");
        }
        catch (TimeoutException) when (!asked)
        {
            asked = true;
            await ws.SendTextAsync("Still there?");
        }
        catch (TimeoutException)
        {
            await ws.CloseAsync(4200, "Idle");
            return;
        }
    }
});

app.Run();

public sealed class TimeoutSample;

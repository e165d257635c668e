using System.Net.WebSockets;
using Tidings;

// The same echo twice: --by endpoint (MapWebSocket; --lanes as well) and --by hand (AcceptWebSocketAsync, ReceiveAsync, SendAsync).
var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddTidings(options => options.Limits.Preset = LimitPreset.None);
if (args.Contains("--lanes"))
{
    builder.WebHost.UseTidings();
}

var app = builder.Build();
if (builder.Configuration["by"] == "hand")
{
    app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
    app.Map("/ws/{room}", async (HttpContext context) =>
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(length), context.RequestAborted);
                length += part.Count;
            }
            while (!part.EndOfMessage);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, length), part.MessageType, endOfMessage: true, context.RequestAborted);
        }
    });
}
else
{
    app.MapWebSocket("/ws/{room}", async (WebSocketConnection socket) =>
    {
        while (await socket.ReceiveTextAsync() is { } text)
        {
            await socket.SendTextAsync(text);
        }
    });
}

await app.RunAsync();

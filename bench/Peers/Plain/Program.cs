using System.Net.WebSockets;
using Tidings.Bench.Plain;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);

var app = builder.Build();
app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });

var rooms = new RoomTable();
app.Map("/ws/{room}", async (string room, HttpContext context) =>
{
    if (!context.WebSockets.IsWebSocketRequest)
    {
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        return;
    }
    using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
    await rooms.ServeAsync(room, socket);
});

await app.RunAsync();

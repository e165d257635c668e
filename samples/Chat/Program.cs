// dotnet run --project samples/Chat --urls http://localhost:5000
using System.Collections.Concurrent;
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.Services.AddSingleton<Rooms>();
builder.WebHost.UseTidings();
var app = builder.Build();

// Query parameters: /ws?token=abc123&room=general
app.MapWebSocket("/ws", async (WebSocketConnection ws, string? token = null, string room = "default") =>
{
    if (token != "abc123")
    {
        await ws.RejectAsync(4001, "Unauthorized");
        return;
    }

    await ws.SendTextAsync($"Joined room: {room}");
    await ws.ReceiveTextAsync();
});

// A path parameter: /ws/user123
app.MapWebSocket("/ws/{clientId}", async (WebSocketConnection ws, string clientId) =>
{
    await ws.SendTextAsync($"Hello, {clientId}");
    while (await ws.ReceiveTextAsync() is { } text)
    {
        await ws.SendTextAsync($"{clientId}: {text}");
    }
});

// Rooms by hand. app.MapRooms("/ws/{room}") does the same on lanes, for many more.
app.MapWebSocket("/ws/rooms/{room}", async (WebSocketConnection ws, string room, Rooms rooms) =>
{
    await ws.AcceptAsync();
    using var membership = rooms.Join(room, ws);
    while (await ws.ReceiveTextAsync() is { } text)
    {
        await rooms.BroadcastAsync(room, $"Room {room}: {text}");
    }
});

app.Run();

public sealed class Rooms
{
    private readonly ConcurrentDictionary<(string Room, string Id), WebSocketConnection> _members = new();

    public IDisposable Join(string room, WebSocketConnection ws)
    {
        _members[(room, ws.Id)] = ws;
        return new Membership(() => _members.TryRemove((room, ws.Id), out _));
    }

    public async Task BroadcastAsync(string room, string text)
    {
        foreach (var (key, member) in _members)
        {
            if (key.Room != room)
            {
                continue;
            }

            try
            {
                await member.SendTextAsync(text);
            }
            catch (WebSocketDisconnectException)
            {
                // That member has just left; the others go on.
            }
        }
    }

    private sealed class Membership(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }
}

public sealed class ChatSample;

using Microsoft.AspNetCore.SignalR;

namespace Tidings.Bench.SignalR;

/// <summary>The rooms of the other servers, as groups.</summary>
internal sealed class RoomHub : Hub
{
    public Task Join(string room) => Groups.AddToGroupAsync(Context.ConnectionId, room);

    public Task Send(string room, string text) => Clients.Group(room).SendAsync("message", $"[{room}] {text}");
}

using System.Buffers;
using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;

namespace Tidings.Bench.Plain;

/// <summary>Rooms as one writes them on ASP.NET Core without a library: a loop per connection, a broadcast that awaits every send.</summary>
internal sealed class RoomTable
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<Member, byte>> _rooms = new();

    public async Task ServeAsync(string room, WebSocket socket)
    {
        using var self = new Member(socket);
        ConcurrentDictionary<Member, byte> members = _rooms.GetOrAdd(room, static _ => new());
        members.TryAdd(self, 0);
        try
        {
            await ReceiveAsync(room, socket, members);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The peer left without a closing handshake.
        }
        finally
        {
            members.TryRemove(self, out _);
        }
    }

    // CancellationToken.None, as in the documentation's sample: a token that can be cancelled takes the slower way through SendAsync.
    private static async Task ReceiveAsync(string room, WebSocket socket, ConcurrentDictionary<Member, byte> members)
    {
        byte[] buffer = new byte[4096];
        var message = new ArrayBufferWriter<byte>();
        while (true)
        {
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return;
            }
            message.Write(buffer.AsSpan(0, part.Count));
            if (!part.EndOfMessage)
            {
                continue;
            }
            string text = Encoding.UTF8.GetString(message.WrittenSpan);
            message.ResetWrittenCount();
            await BroadcastAsync(members, Encoding.UTF8.GetBytes($"[{room}] {text}"));
        }
    }

    private static Task BroadcastAsync(ConcurrentDictionary<Member, byte> members, byte[] text)
    {
        var sends = new List<Task>();
        foreach ((Member member, _) in members)
        {
            sends.Add(member.SendAsync(text));
        }
        return Task.WhenAll(sends);
    }
}

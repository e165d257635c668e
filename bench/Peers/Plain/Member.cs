using System.Net.WebSockets;

namespace Tidings.Bench.Plain;

/// <summary>A socket with the lock it needs: WebSocket.SendAsync allows one send at a time.</summary>
internal sealed class Member(WebSocket socket) : IDisposable
{
    private readonly SemaphoreSlim _sending = new(1, 1);

    public async Task SendAsync(byte[] text)
    {
        await _sending.WaitAsync();
        try
        {
            if (socket.State == WebSocketState.Open)
            {
                await socket.SendAsync(text.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            }
        }
        catch (WebSocketException)
        {
            // That member is leaving; its own loop notices.
        }
        finally
        {
            _sending.Release();
        }
    }

    public void Dispose() => _sending.Dispose();
}

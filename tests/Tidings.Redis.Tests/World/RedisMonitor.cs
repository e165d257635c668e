using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tidings.Redis.Tests.World;

/// <summary>Everything that a Redis is told while it runs.</summary>
internal sealed class RedisMonitor : IDisposable
{
    private readonly TcpClient _client;
    private readonly Task<string> _reading;

    private RedisMonitor(TcpClient client)
    {
        _client = client;
        _reading = ReadAsync(client.GetStream());
    }

    public static async Task<RedisMonitor> StartAsync(int port)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync("MONITOR\r\n"u8.ToArray());
        return new RedisMonitor(client);
    }

    public async Task<string> StopAsync()
    {
        // Answered in its turn: whatever was said before stands before it.
        await _client.GetStream().WriteAsync("QUIT\r\n"u8.ToArray());
        return await _reading.WaitAsync(TimeSpan.FromSeconds(10));
    }

    public void Dispose() => _client.Dispose();

    private static async Task<string> ReadAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        return await reader.ReadToEndAsync();
    }
}

using System.Net;
using System.Net.Sockets;

namespace TestKit;

/// <summary>A Redis Sentinel of its own for a test, which watches one master under the name <c>mymaster</c> and decides alone. It ends with the process that started it.</summary>
public sealed class RedisSentinel : IDisposable
{
    private readonly GuardedProgram _program;

    /// <param name="master">Whom it watches.</param>
    /// <param name="password">What it asks of those who ask it; null: nothing.</param>
    public RedisSentinel(RedisServer master, string? password = null)
    {
        ArgumentNullException.ThrowIfNull(master);
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        var directory = Directory.CreateTempSubdirectory("tidings-sentinel-").FullName;
        var configuration = Path.Combine(directory, "sentinel.conf");
        File.WriteAllLines(configuration,
        [
            $"port {Port}", "bind 127.0.0.1", $"dir {directory}",
            $"sentinel monitor mymaster 127.0.0.1 {master.Port} 1",
            "sentinel down-after-milliseconds mymaster 1500",
            "sentinel failover-timeout mymaster 4000",
            .. password is null ? (string[])[] : [$"requirepass {password}"],
        ]);
        _program = new GuardedProgram(directory, "redis-server", [configuration, "--sentinel"]);
    }

    public int Port { get; }

    public void Dispose() => _program.Dispose();
}

using System.Net;
using System.Net.Sockets;

namespace TestKit;

/// <summary>What a <see cref="FaultProxy"/> does with the bytes of one direction.</summary>
public enum Fault
{
    /// <summary>Passes them on.</summary>
    None,

    /// <summary>Passes them on later, in order.</summary>
    Delay,

    /// <summary>Passes them on byte by byte, each in a segment of its own.</summary>
    Dribble,

    /// <summary>Takes them and passes nothing on: to the sender all is well.</summary>
    Blackhole,

    /// <summary>Takes nothing any more: the sender's buffers fill up.</summary>
    Stall,
}

/// <summary>Stands between clients and a server on loopback, and spoils what passes as a test says. Every fault holds for present and later connections.</summary>
/// <remarks>Nothing of it waits longer than <see cref="Longest"/>; disposing ends all.</remarks>
public sealed class FaultProxy : IAsyncDisposable
{
    /// <summary>The longest that any wait of the proxy takes.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly HashSet<ProxiedConnection> _connections = [];
    private Task _accepting;
    private int _accepted;

    /// <param name="target">The server's port; may change with <see cref="Target"/>.</param>
    public FaultProxy(int target)
    {
        Target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>Where clients connect to.</summary>
    public int Port { get; }

    /// <summary>Where new connections go; 0: they are accepted and reset.</summary>
    public int Target { get; set; }

    /// <summary>Chooses where each new connection goes, as a load balancer does; null: to <see cref="Target"/>.</summary>
    public Func<int>? Route { get; set; }

    /// <summary>Makes what looks at each new connection's bytes from the server, and changes them; null: nothing does.</summary>
    public Func<IByteFilter>? DownFilter { get; set; }

    /// <summary>From clients to the server.</summary>
    public Direction Up { get; } = new();

    /// <summary>From the server to clients.</summary>
    public Direction Down { get; } = new();

    /// <summary>
    /// Looks at the first bytes of a connection, up to the end of its head, and says whether it may pass; the others are taken and never
    /// answered. Null: all may.
    /// </summary>
    public Func<string, bool>? Admits { get; set; }

    /// <summary>How many connections have come.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>How many are there.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Resets all connections, on both sides.</summary>
    public void CutAll()
    {
        lock (_gate)
        {
            foreach (var connection in _connections)
            {
                connection.Cut();
            }
        }
    }

    /// <summary>Cuts the server's side and leaves the clients in the belief that all is well.</summary>
    public void HalfOpenAll()
    {
        lock (_gate)
        {
            foreach (var connection in _connections)
            {
                connection.HalfOpen();
            }
        }
    }

    /// <summary>From now on new connections are refused, as where no server runs. What is connected stays.</summary>
    public async Task StopListeningAsync()
    {
        _listener.Dispose();
        await _accepting;
    }

    /// <summary>Listens on the same port again.</summary>
    public void Listen()
    {
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _accepting = AcceptAsync(_listener);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _end.CancelAsync();
        CutAll();
        await _accepting;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptSocketAsync(_end.Token);
                Interlocked.Increment(ref _accepted);
                _ = ServeAsync(near);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
        }
    }

    private async Task ServeAsync(Socket near)
    {
        using var connection = new ProxiedConnection(near, this, _end.Token);
        lock (_gate)
        {
            _connections.Add(connection);
        }

        try
        {
            await connection.RunAsync();
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
        }
        finally
        {
            lock (_gate)
            {
                _connections.Remove(connection);
            }
        }
    }

    /// <summary>One direction's fault.</summary>
    public sealed class Direction
    {
        private volatile Fault _fault;

        /// <summary>What happens to bytes from now on.</summary>
        public Fault Fault { get => _fault; set => _fault = value; }

        /// <summary>How long <see cref="Fault.Delay"/> delays.</summary>
        public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(50);
    }
}

/// <summary>Looks at the bytes of one direction of one connection, and passes on what it likes.</summary>
public interface IByteFilter
{
    /// <summary>Called with each piece that comes, one at a time; may wait, and so hold up what follows.</summary>
    /// <returns>What is passed on.</returns>
    ValueTask<ReadOnlyMemory<byte>> PassAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);
}

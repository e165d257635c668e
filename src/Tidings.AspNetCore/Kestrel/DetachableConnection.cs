using System.Net;
using Microsoft.AspNetCore.Connections;
using Tidings.Connections;
using Tidings.Lanes;

namespace Tidings.AspNetCore.Kestrel;

/// <summary>A connection that the web server has for the handshake alone.</summary>
internal interface IDetachableConnection
{
    /// <summary>The lane that accepted the connection, and would have it back.</summary>
    EpollLane Lane { get; }

    /// <summary>
    /// Whether the bytes of the socket are those that the application sees, nothing such as TLS lying between, and no other event
    /// loop has it: behind a first request that was refused the connection is an ordinary one.
    /// </summary>
    bool IsIntact { get; }

    /// <summary>Leaves the connection to its lane, once the web server has disposed of it.</summary>
    void Give(Connection connection);

    /// <summary>Gives the socket to its lane at once, while the request goes on; the web server then has nothing left to free.</summary>
    /// <returns>False where somebody has begun to read or write more than the handshake.</returns>
    bool TryLend(Connection connection);
}

/// <summary>The context that the web server gets of a connection whose first request asks for a WebSocket.</summary>
internal sealed class DetachableConnection : DefaultConnectionContext, IDetachableConnection
{
    private static long s_ids;

    private readonly DetachablePipe _pipe;
    private readonly CancellationTokenSource _closed = new();
    private Connection? _given;
    private int _disposed;
    private int _left;

    public DetachableConnection(EpollLane lane, int fd, byte[] head, EndPoint? remote, EndPoint? local)
        : base($"tidings-{Interlocked.Increment(ref s_ids)}")
    {
        Lane = lane;
        _pipe = new DetachablePipe(fd, head);
        Transport = _pipe;
        RemoteEndPoint = remote;
        LocalEndPoint = local;
        ConnectionClosed = _closed.Token;
        Features.Set<IDetachableConnection>(this);
    }

    public EpollLane Lane { get; }

    /// <summary>Its place among the connections of its address, until it is a connection of its lane or ends.</summary>
    public HttpPlace Place { private get; init; }

    public bool IsIntact => ReferenceEquals(Transport, _pipe) && !_pipe.IsOrdinary;

    public void Give(Connection connection) => _given = connection;

    public bool TryLend(Connection connection)
    {
        if (!_pipe.TryTake(out var fd, out var unread))
        {
            return false;
        }

        connection.Attach(new EpollWire(Lane, fd, unread));
        LeavePlace();
        return true;
    }

    public override void Abort(ConnectionAbortedException abortReason) => _pipe.Abort();

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        // The web server calls this last of all: what it had of the connection is gone.
        if (_given is { } connection)
        {
            if (_pipe.TryTake(out var fd, out var unread))
            {
                connection.Attach(new EpollWire(Lane, fd, unread));
            }
            else
            {
                connection.Abandon();
            }
        }

        LeavePlace();
        await _pipe.DisposeAsync();
        await _closed.CancelAsync();
        _closed.Dispose();
        await base.DisposeAsync();
    }

    private void LeavePlace()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            Place.Leave();
        }
    }
}

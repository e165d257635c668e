using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Express;
using Tidings.AspNetCore.Kestrel;
using Tidings.Lanes;

namespace Tidings.AspNetCore.Listening;

/// <summary>Accepts on a lane and shares the sockets out: handshakes of WebSockets as connections that can come back, all else to Kestrel's own transport.</summary>
internal sealed class LaneListener : IConnectionListener, IEpollSource, ILaneWork
{
    // How many may stand half-way in their head at once; what comes beyond goes to the web server unseen.
    private const int MostHeads = 4096;
    private const int AcceptsPerTurn = 64;

    // How many that are refused may hear why; those beyond see only the end.
    private const int MostRefused = 256;

    // The process's own: without a descriptor for a file or a thread the runtime itself ends with "Out of memory".
    private const int ReservedDescriptors = 32;

    // With no descriptor left accepting would fail again at once, and for ever.
    private const int ExhaustedMilliseconds = 100;
    private const int WarningMilliseconds = 10_000;

    private readonly LaneSet _lanes;
    private readonly EpollLane _lane;
    private readonly Socket _socket;
    private readonly int _fd;
    private readonly bool _tcp;
    private readonly bool _localIsKnown;
    private readonly SocketConnectionContextFactory _ordinary;
    private readonly HttpPlaces? _places;
    private readonly ILogger _log;
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { SingleReader = true });
    private readonly AcceptPause _pause;
    private readonly int _ceiling = (int)Math.Min(Math.Max(Native.MostDescriptors() - ReservedDescriptors, Native.MostDescriptors() / 2), int.MaxValue);
    private ulong _key;
    private int _heads;
    private int _refused;
    private bool _listening;
    private long _nextWarning;

    public LaneListener(LaneSet lanes, EndPoint endPoint, SocketTransportOptions options, SocketConnectionContextFactory ordinary, ExpressEntrance express, HttpPlaces? places, ILogger log)
    {
        _lanes = lanes;
        _lane = lanes.StartEpoll()[0];
        _ordinary = ordinary;
        Express = express;
        _places = places;
        _log = log;
        _pause = new AcceptPause(this);
        _socket = options.CreateBoundListenSocket(endPoint);
        EndPoint = _socket.LocalEndPoint!;
        _tcp = SocketAddress.IsTcp(EndPoint);
        _socket.Listen(options.Backlog);
        _fd = (int)_socket.SafeHandle.DangerousGetHandle();
        Native.SetNonBlocking(_fd);
        if (_tcp && options.NoDelay)
        {
            // Accepted sockets inherit it.
            Native.SetOption(_fd, Libc.IPPROTO_TCP, Libc.TCP_NODELAY, 1);
        }

        _localIsKnown = !_tcp || EndPoint is IPEndPoint { Address: var address } && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);
        _lane.Post(this, Command.Listen);
    }

    private enum Command
    {
        Listen,
        Stop,
    }

    public EndPoint EndPoint { get; }

    /// <summary>Answers handshakes that the web server need not see.</summary>
    public ExpressEntrance Express { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_accepted.Reader.TryRead(out var connection))
            {
                return connection;
            }
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _lane.Post(this, Command.Stop);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        await foreach (var connection in _accepted.Reader.ReadAllAsync())
        {
            await connection.DisposeAsync();
        }
    }

    void ILaneWork.Run(object? argument)
    {
        if (argument is Command.Listen)
        {
            Watch();
        }
        else
        {
            Stop();
        }
    }

    void IEpollSource.OnReady(uint events)
    {
        for (var i = 0; i < AcceptsPerTurn && _listening; i++)
        {
            if (!TryAccept())
            {
                return;
            }
        }
    }

    // The socket is closed by its owner.
    void IEpollSource.OnLaneEnded()
    {
    }

    /// <summary>Takes one of the places for sockets that have not shown their head yet.</summary>
    public bool TryEnterHead()
    {
        if (Interlocked.Increment(ref _heads) <= MostHeads)
        {
            return true;
        }

        LeaveHead();
        return false;
    }

    /// <summary>A socket that is refused has gone.</summary>
    public void LeaveRefused() => Interlocked.Decrement(ref _refused);

    public void LeaveHead() => Interlocked.Decrement(ref _heads);

    /// <summary>Gives a handshake to the web server.</summary>
    public void Offer(DetachableConnection connection)
    {
        if (!_accepted.Writer.TryWrite(connection))
        {
            connection.Abort();
            _ = connection.DisposeAsync().AsTask();
        }
    }

    /// <summary>Gives a socket to the web server for good, with its place until it ends.</summary>
    public void HandOver(int fd, HttpPlace place)
    {
#pragma warning disable CA2000 // The context owns the socket, and the web server the context.
        var connection = _ordinary.Create(new Socket(new SafeSocketHandle(fd, ownsHandle: true)));
#pragma warning restore CA2000
        if (place.Places is not null)
        {
            connection.ConnectionClosed.UnsafeRegister(static place => ((HttpPlace)place!).Leave(), place);
        }

        if (!_accepted.Writer.TryWrite(connection))
        {
            _ = connection.DisposeAsync().AsTask();
        }
    }

    /// <summary>The address at which <paramref name="fd"/> was reached; the listener's own may be a wildcard.</summary>
    public unsafe EndPoint? LocalEndPoint(int fd)
    {
        if (_localIsKnown)
        {
            return EndPoint;
        }

        Span<byte> address = stackalloc byte[SocketAddress.Largest];
        var length = address.Length;
        fixed (byte* start = address)
        {
            return Libc.getsockname(fd, start, &length) == 0 ? SocketAddress.Read(address[..length]) : EndPoint;
        }
    }

    private void Watch()
    {
        _listening = true;
        _key = _lane.Add(_fd, this, Libc.EPOLLIN);
    }

    private unsafe bool TryAccept()
    {
        Span<byte> address = stackalloc byte[SocketAddress.Largest];
        var length = address.Length;
        int fd;
        fixed (byte* start = address)
        {
            fd = Libc.accept4(_fd, start, &length, Libc.NONBLOCK | Libc.CLOEXEC);
        }

        if (fd < 0)
        {
            return OnAcceptFailed(Marshal.GetLastPInvokeError());
        }

        // The kernel gives the lowest number that is free.
        if (fd >= _ceiling)
        {
            Native.Close(fd);
            return OnAcceptFailed(Libc.EMFILE);
        }

        var remote = _tcp ? SocketAddress.Read(address[..length]) : null;
        HttpPlace place = default;
        var isRefused = _places?.TryEnter(remote, out place) == false;
        if (isRefused && Interlocked.Increment(ref _refused) > MostRefused)
        {
            LeaveRefused();
            Native.Close(fd);
            return true;
        }

        var lane = _lanes.NextEpoll();
        lane.Post(new HeadSocket(this, lane, fd, remote, place, isRefused));
        return true;
    }

    private bool OnAcceptFailed(int error)
    {
        switch (error)
        {
            case Libc.EAGAIN:
                return false;
            case Libc.EMFILE or Libc.ENFILE or Libc.ENOBUFS or Libc.ENOMEM:
                WarnExhausted(error);
                _lane.Remove(_fd, _key);
                _listening = false;
                _lane.Timers.Schedule(_pause, _lane.Now + ExhaustedMilliseconds);
                return false;
            default:
                // The peer went away before it was accepted; the next one may be there.
                return true;
        }
    }

    // Descriptors come and go one by one then, and each is an occasion to run out again.
    private void WarnExhausted(int error)
    {
        if (_lane.Now >= _nextWarning)
        {
            _nextWarning = _lane.Now + WarningMilliseconds;
            TransportLog.Exhausted(_log, error);
        }
    }

    private void Stop()
    {
        if (_listening)
        {
            _lane.Remove(_fd, _key);
        }

        _lane.Timers.Cancel(_pause);
        _listening = false;
        _socket.Dispose();
        _accepted.Writer.TryComplete();
    }

    private sealed class AcceptPause(LaneListener listener) : TimerEntry
    {
        protected internal override void OnDue() => listener.Watch();
    }
}

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.Kestrel;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Protocol.Compression;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Endpoints;

/// <summary>One request of a <c>MapWebSocket</c> route: the handshake, the handler, and what goes between the handler and the lane.</summary>
internal sealed partial class EndpointSession : ILaneWork
{
    // How long a handler may go on after its connection has ended before the request ends without it.
    private const int GraceSeconds = 5;

    private static readonly object ResumeRequest = new();

    private readonly Lock _gate = new();
    private readonly HttpContext _context;
    private readonly EndpointRoute _route;
    private readonly DeflateNegotiation _deflate;
    private readonly AddressKey _address;
    private readonly Inbox _inbox;
    private readonly Outbox _outbox;
    private readonly TaskCompletionSource _leftBehind = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Connection? _connection;
    private Task? _accepting;
    private Task _transport = Task.CompletedTask;
    private ITimer? _grace;
    private DisconnectCode _endCode;
    private volatile bool _ended;
    private volatile bool _attached;
    private bool _lent;
    private bool _closedHere;
    private bool _handlerDone;

    public EndpointSession(HttpContext context, EndpointRoute route, DeflateNegotiation deflate, AddressKey address)
    {
        _context = context;
        _route = route;
        _deflate = deflate;
        _address = address;
        _inbox = new Inbox(route.Tidings.Node.Registry.Bodies, Sender.Of(null, address));
        _outbox = new Outbox(route.Limits.QueueBytes);
        _lifetime = new SessionLifetime(this, context.Features.Get<IHttpRequestLifetimeFeature>());
        Socket = new WebSocketConnection(this, context);
    }

    public long Id { get; } = Connection.NextId();
    public WebSocketConnection Socket { get; }
    public EndpointRoute Route => _route;

    /// <summary>Why the connection has ended; null while it has not.</summary>
    public DisconnectCode? EndCode => _ended ? _endCode : null;

    public WebSocketConnectionState State => _connection?.State switch
    {
        null => _ended ? WebSocketConnectionState.Closed : WebSocketConnectionState.Connecting,
        ConnectionState.Closed => WebSocketConnectionState.Closed,
        ConnectionState.Closing => WebSocketConnectionState.Closing,
        _ => WebSocketConnectionState.Open,
    };

    /// <summary>Completes the handshake, once.</summary>
    public Task AcceptAsync(string? subprotocol = null)
    {
        lock (_gate)
        {
            if (_accepting is not null && subprotocol is not null)
            {
                throw new InvalidOperationException("The connection is accepted already; its subprotocol can't be chosen any more.");
            }

            return _accepting ??= AcceptOnceAsync(subprotocol);
        }
    }

    /// <summary>Answers the handshake with an HTTP status; there will be no WebSocket.</summary>
    public async Task RefuseAsync(int status, string reason)
    {
        lock (_gate)
        {
            ThrowIfAccepted_NeedsLock();
            _accepting = Task.FromException(new InvalidOperationException("The connection was rejected."));
            _ = _accepting.Exception;
            _closedHere = true;
        }

        End(DisconnectCode.Abnormal);
        await WebSocketHandshake.AnswerAsync(_context, status, reason.Length == 0 ? "" : reason + "\n");
    }

    /// <summary>Completes the handshake only to close at once, so that browsers can tell scripts why.</summary>
    public async Task RejectAsync(DisconnectCode code)
    {
        Task accepting;
        lock (_gate)
        {
            ThrowIfAccepted_NeedsLock();
            _closedHere = true;
            accepting = _accepting = AcceptOnceAsync(null);
        }

        await accepting;
        _connection!.Close(code);
    }

    /// <summary>Closes after what was sent. Any thread.</summary>
    public async Task CloseAsync(DisconnectCode code)
    {
        await AcceptAsync();
        _closedHere = true;
        _connection!.Close(code);
    }

    void ILaneWork.Run(object? argument)
    {
        if (argument == ResumeRequest)
        {
            _connection!.Resume();
        }
        else
        {
            _outbox.MoveTo(_connection!);
        }
    }

    private void ThrowIfAccepted_NeedsLock()
    {
        if (_accepting is not null)
        {
            throw new InvalidOperationException("The connection is accepted already, by AcceptAsync or by its first use: close it instead.");
        }
    }

    // Runs up to its first wait under the lock, which is taken by no one else of this connection until there is a socket to use.
    private async Task AcceptOnceAsync(string? subprotocol)
    {
        if (subprotocol is not null)
        {
            Choose(subprotocol);
        }

        var tidings = _route.Tidings;
        var detachable = WebSocketEntrance.Detachable(_context);
        var pool = tidings.Node.Lanes.NextPool();
        var connection = new Connection(detachable?.Lane ?? (Lane)pool, _route.Settings, _route.Connections, tidings.Node.Registry, _deflate.Terms)
        {
            Id = Id,
            Tag = this,
            ReportsFlush = true,
            Address = _address,
        };
        connection.Authentication = tidings.Authentication.IdentityOf(_context) is { } identity ? new ConnectionAuthentication(connection, identity) : null;
        _connection = connection;
        try
        {
            // The request's own limit on time is for requests that end.
            _context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
            var stream = await WebSocketHandshake.AcceptAsync(_context, _deflate.Answer);
            Attach(connection, detachable, stream, pool);
        }
        catch (Exception error)
        {
            connection.Abandon();
            if (error is IOException or OperationCanceledException)
            {
                throw new WebSocketDisconnectException(DisconnectCode.Abnormal.Code, "", this);
            }

            throw;
        }
    }

    private void Attach(Connection connection, IDetachableConnection? detachable, Stream stream, PoolLane pool)
    {
        if (detachable is not null)
        {
            if (!detachable.TryLend(connection))
            {
                throw new IOException("The connection went away during its handshake.");
            }

            _lent = true;
        }
        else
        {
#pragma warning disable CA2000 // The wire frees itself when the connection is done with it.
            var wire = new StreamWire(stream, pool, _lifetime.AbortRequest);
#pragma warning restore CA2000
            _transport = wire.Completion;
            connection.Attach(wire);
        }

        _attached = true;
    }

    private void Choose(string subprotocol)
    {
        if (!WebSocketHandshake.TryChooseSubprotocol(_context, subprotocol))
        {
            // RFC 6455 §4.2.2: a server names none that the client did not offer.
            throw new ArgumentException(
                $"The client did not offer the subprotocol \"{subprotocol}\"; it offered \"{_context.Request.Headers.SecWebSocketProtocol}\".", nameof(subprotocol));
        }
    }
}

using System.Globalization;
using System.Net;
using System.Reflection;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Endpoints;
using Tidings.Protocol;

namespace Tidings;

/// <summary>One WebSocket, in the hands of its handler.</summary>
/// <remarks>
/// Sending is safe from many threads at once; messages go out in the order in which the calls began. One receive may wait at a time;
/// receiving and sending at once is safe. The connection lives as long as its handler: when that returns, it is closed with 1000 "Goodbye";
/// when it throws, with 1011. Headers, query, user and items may be used until then; sending fails and receiving ends from then on.
/// </remarks>
public sealed partial class WebSocketConnection
{
    private readonly EndpointSession _session;
    private readonly HttpContext _context;

    internal WebSocketConnection(EndpointSession session, HttpContext context)
    {
        _session = session;
        _context = context;
        Id = session.Id.ToString(CultureInfo.InvariantCulture);
        RemoteAddress = context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : context.Connection.RemoteIpAddress;
    }

    /// <summary>Names the connection in the log and in <see cref="ITidings.Connections"/>.</summary>
    public string Id { get; }

    /// <summary>How far the connection has come. Any thread.</summary>
    public WebSocketConnectionState State => _session.State;

    /// <summary>The headers of the handshake's request.</summary>
    public IHeaderDictionary Headers => _context.Request.Headers;

    /// <summary>The query of the handshake's request.</summary>
    public IQueryCollection Query => _context.Request.Query;

    /// <summary>The peer's address; null where there is none, as on a unix socket. Behind a proxy it is the proxy's, unless the
    /// application uses forwarded headers.</summary>
    public IPAddress? RemoteAddress { get; }

    /// <summary>Who the application's authentication says is connected; never null, an anonymous user has no authenticated identity.</summary>
    public ClaimsPrincipal User => _context.User;

    /// <summary>Whatever the application keeps with the connection. Not safe from several threads at once.</summary>
    public IDictionary<object, object?> Items => _context.Items;

    /// <summary>Cancelled once the connection has ended or is being closed, by whichever side, the server's shutdown included. A handler's
    /// <see cref="CancellationToken"/> parameter is the same token.</summary>
    public CancellationToken Aborted => _session.Aborted;

    /// <summary>Completes the handshake. The first send or receive does it, too: it is needed only to choose a subprotocol or the moment.</summary>
    /// <param name="subprotocol">One of those that the client offered in <c>Sec-WebSocket-Protocol</c>, or null for none.</param>
    /// <exception cref="ArgumentException">The client did not offer it.</exception>
    /// <exception cref="InvalidOperationException">The connection was rejected, or a subprotocol is given and it is accepted already.</exception>
    /// <exception cref="WebSocketDisconnectException">The client went away meanwhile.</exception>
    public Task AcceptAsync(string? subprotocol = null) => _session.AcceptAsync(subprotocol);

    /// <summary>Refuses the client before it is accepted.</summary>
    /// <param name="code">A close code (1000, or 3000 to 4999, or another that may be sent): the handshake is completed and the connection
    /// closed with it at once, so that scripts in browsers see code and reason. Or an HTTP status from 400 to 599: the handshake is
    /// answered with it, of which browsers tell scripts nothing.</param>
    /// <param name="reason">Why; of a close, at most 123 bytes of UTF-8 are sent.</param>
    /// <exception cref="ArgumentOutOfRangeException">The code is neither.</exception>
    /// <exception cref="InvalidOperationException">The connection is accepted already, by <see cref="AcceptAsync"/> or its first use.</exception>
    public Task RejectAsync(int code, string reason = "")
    {
        ArgumentNullException.ThrowIfNull(reason);
        return code is >= 400 and <= 599
            ? _session.RefuseAsync(code, reason)
            : _session.RejectAsync(CloseCode(code, reason));
    }

    /// <summary>Closes the connection after what was sent before. Completes without waiting for the peer, which has 5 s to answer.</summary>
    /// <remarks>Only the first close counts, whichever side it comes from. A receive then ends with null.</remarks>
    /// <param name="code">1000, 3000 to 4999, or another code that may be sent.</param>
    /// <param name="reason">At most 123 bytes of UTF-8 are sent.</param>
    /// <exception cref="ArgumentOutOfRangeException">The code may not be sent (RFC 6455 §7.4).</exception>
    public Task CloseAsync(int code = 1000, string reason = "Goodbye")
    {
        ArgumentNullException.ThrowIfNull(reason);
        return _session.CloseAsync(CloseCode(code, reason));
    }

    /// <summary>Binds a handler's parameter: the framework calls it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="parameter">The parameter.</param>
    /// <exception cref="InvalidOperationException">The route was not mapped by <c>MapWebSocket</c>.</exception>
    public static ValueTask<WebSocketConnection?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ValueTask.FromResult<WebSocketConnection?>(Of(context));
    }

    internal static WebSocketConnection Of(HttpContext context) =>
        context.Features.Get<WebSocketConnection>()
        ?? throw new InvalidOperationException("There is a WebSocketConnection only on routes that were mapped by MapWebSocket.");

    private static DisconnectCode CloseCode(int code, string reason) => DisconnectCode.IsValidOnWire(code)
        ? new DisconnectCode((ushort)code, reason)
        : throw new ArgumentOutOfRangeException(nameof(code), code, "A close code that may be sent is 1000 to 1003, 1007 to 1014, or 3000 to 4999.");
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.Features;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Endpoints;

/// <summary>The request's lifetime as its handler sees it: it ends with the WebSocket, of which the web server may know nothing any more.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source of cancellation without a timer has nothing to free.")]
internal sealed class SessionLifetime(EndpointSession session, IHttpRequestLifetimeFeature? request) : IHttpRequestLifetimeFeature
{
    private readonly Lock _gate = new();
    private CancellationTokenSource? _aborted;
    private bool _ended;

    // Most handlers never ask: they see the end where they receive and send.
    public CancellationToken RequestAborted
    {
        get
        {
            lock (_gate)
            {
                if (_ended)
                {
                    return new CancellationToken(canceled: true);
                }

                if (_aborted is null)
                {
                    _aborted = new CancellationTokenSource();
                    request?.RequestAborted.UnsafeRegister(static lifetime => ((SessionLifetime)lifetime!).End(), this);
                }

                return _aborted.Token;
            }
        }

        set
        {
            // Middleware that narrows a request's time does so before it is a WebSocket.
        }
    }

    public void Abort()
    {
        if (session.State == WebSocketConnectionState.Connecting)
        {
            AbortRequest();
        }
        else
        {
            _ = session.CloseAsync(DisconnectCode.HandlerFailed);
        }
    }

    /// <summary>Cuts off what the web server has of the connection.</summary>
    public void AbortRequest() => request?.Abort();

    public void End()
    {
        CancellationTokenSource? aborted;
        lock (_gate)
        {
            _ended = true;
            aborted = _aborted;
        }

        // Callbacks are the application's, and must not run on a lane.
        _ = aborted?.CancelAsync();
    }
}

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Endpoints;

/// <content>The life of the handler: it runs inside its request, and its connection ends with it.</content>
internal sealed partial class EndpointSession
{
    private readonly SessionLifetime _lifetime;

    /// <summary>Fires once the connection has ended or is being closed.</summary>
    public CancellationToken Aborted => _lifetime.RequestAborted;

    public async Task RunAsync(RequestDelegate handler)
    {
        _context.Features.Set(Socket);
        _context.Features.Set<IHttpRequestLifetimeFeature>(_lifetime);
        DisconnectCode? code = DisconnectCode.Goodbye;
        try
        {
            var handling = handler(_context);
            if (!handling.IsCompleted)
            {
                await Task.WhenAny(handling, _leftBehind.Task);
            }

            if (!handling.IsCompleted)
            {
                LeaveBehind(handling);
                return;
            }

            await handling;
        }
        catch (WebSocketDisconnectException error) when (error.Origin == this)
        {
            EndpointLog.Disconnected(_route.Log, _route.Name, Socket.Id, error.Code, error.Reason);
        }
        catch (OperationCanceledException) when (_ended)
        {
        }
        catch (Exception) when (_connection is null)
        {
            // Not yet a WebSocket: the application's own middleware makes an answer of it.
            code = null;
            throw;
        }
#pragma warning disable CA1031 // Whatever a handler throws is logged, and told the peer by the close code alone.
        catch (Exception error)
#pragma warning restore CA1031
        {
            code = DisconnectCode.HandlerFailed;
            EndpointLog.HandlerFailed(_route.Log, error, _route.Name, Socket.Id);
        }
        finally
        {
            await FinishAsync(code);
        }
    }

    /// <summary>The connection is being closed. For the lane alone, once.</summary>
    public void OnClosed(DisconnectCode code)
    {
        lock (_gate)
        {
            if (!_handlerDone)
            {
                _grace = _route.Tidings.Node.Time.CreateTimer(
                    static session => ((EndpointSession)session!)._leftBehind.TrySetResult(), this, TimeSpan.FromSeconds(GraceSeconds), Timeout.InfiniteTimeSpan);
            }
        }

        End(code);
    }

    private void End(DisconnectCode code)
    {
        _endCode = code;
        _ended = true;
        _inbox.End();
        _outbox.End();
        _lifetime.End();
    }

    // Null where the handler failed before the handshake was answered.
    private async Task FinishAsync(DisconnectCode? code)
    {
        lock (_gate)
        {
            _handlerDone = true;
            _grace?.Dispose();
        }

        if (_connection is null && code is not null && _accepting is null && !IsAnswered)
        {
            // Who returns without having touched the connection had nothing to say.
            await AcceptAsync();
        }

        if (_connection is not null)
        {
            _connection.Close(code ?? DisconnectCode.HandlerFailed);
        }
        else
        {
            _route.Tidings.Node.Registry.Leave(_address);
            End(DisconnectCode.Abnormal);
        }

        _inbox.Discard();
        await _transport;
    }

    // A filter that refuses, or a parameter that does not bind, leaves an answer.
    private bool IsAnswered => _context.Response.HasStarted || _context.Response.StatusCode != StatusCodes.Status200OK;

    private void LeaveBehind(Task handling)
    {
        EndpointLog.HandlerLeftBehind(_route.Log, _route.Name, Socket.Id, GraceSeconds);

        // Nobody may get this request's context again while the handler can still see it.
        if (!_lent)
        {
            _lifetime.AbortRequest();
        }

        _ = handling.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }
}

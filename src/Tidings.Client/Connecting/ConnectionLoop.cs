using Microsoft.Extensions.Logging;
using Tidings.Client.Contracts;
using Tidings.Client.Transports;
using Tidings.Protocol;

namespace Tidings.Client.Connecting;

/// <summary>Connects, lets the connection live, and decides after its end: until the client is disposed or stays away.</summary>
internal sealed class ConnectionLoop(
    Func<string?, CancellationToken, Task<OpenTransport>> find, ReconnectPlan plan, ClientToken token, Func<OpenTransport, Session> attach, Action detach,
    Action<ClientStateChange> tell, TimeProvider time, ILogger log)
{
    /// <returns>Why the client stays away.</returns>
    public async Task<SessionEnd> RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // Whoever may come back at once has no wait that could be cancelled.
            cancellationToken.ThrowIfCancellationRequested();
            tell(new ClientStateChange(ClientState.Connecting));
            var end = await TryConnectAsync(cancellationToken).ConfigureAwait(false);
            if (plan.Next(end) is not { } delay)
            {
                ClientLog.StaysAway(log, end.Code.Code, end.Code.Reason);
                return end;
            }

            if (plan.NeedsToken)
            {
                token.Forget();
            }

            ClientLog.Waiting(log, end.Code.Code, end.Code.Reason, delay);
            tell(new ClientStateChange(ClientState.Waiting, Reason: end.Code, Delay: delay));
            if (delay > TimeSpan.Zero)
            {
                await Task.Delay(delay, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<SessionEnd> TryConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ConnectAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            ClientLog.Failed(log, error);
            return new SessionEnd(DisconnectCode.Abnormal, Cause: error);
        }
    }

    private async Task<SessionEnd> ConnectAsync(CancellationToken cancellationToken)
    {
        string? bearer;
        try
        {
            bearer = await token.GetAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            ClientLog.TokenFailed(log, error);
            return new SessionEnd(DisconnectCode.Abnormal, Cause: error);
        }

        OpenTransport open;
        try
        {
            open = await find(bearer, cancellationToken).ConfigureAwait(false);
        }
        catch (TransportException error)
        {
            return new SessionEnd(error.Reason, error.After, Unreachable: error.Unreachable, Cause: error.InnerException);
        }

        var session = attach(open);
        try
        {
            plan.OnConnected();
            ClientLog.Connected(log, session.Kind);
            tell(new ClientStateChange(ClientState.Connected, session.Kind));
            return await session.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            detach();
        }
    }
}

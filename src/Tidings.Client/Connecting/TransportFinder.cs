using Microsoft.Extensions.Logging;
using Tidings.Client.Contracts;
using Tidings.Client.Transports;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Connecting;

/// <summary>A transport that is open, and its first frame.</summary>
internal sealed record OpenTransport(ITransport Transport, ServerFrame Connected);

/// <summary>Finds what the network lets through: the next transport starts when one fails or lets itself be waited for; the first to say <c>connected</c> wins.</summary>
internal sealed class TransportFinder(
    ServerAddress address, TidingsClientOptions options, HttpMessageInvoker http, RequestHeaders headers, IFollowedChannels channels, ILogger log)
{
    /// <summary>How much of a start each transport has before the next one: three are found within three seconds.</summary>
    public static readonly TimeSpan Start = TimeSpan.FromMilliseconds(900);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    // Then the best is tried first again: the network may be another.
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _time = options.TimeProvider;
    private ClientTransport? _found;
    private long _foundAt;

    /// <summary>Opens one.</summary>
    /// <exception cref="TransportException">None could be opened.</exception>
    public async Task<OpenTransport> FindAsync(string? token, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Longest, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var attempts = new List<Task<OpenTransport>>();
        var waiting = new Queue<ClientTransport>(Order());
        TransportException? last = null;
        try
        {
            while (true)
            {
                if (waiting.TryDequeue(out var next))
                {
                    attempts.Add(OpenAsync(next, token, either.Token));
                }
                else if (attempts.Count == 0)
                {
                    throw last!;
                }

                var finished = await FirstAsync(attempts, waiting.Count > 0, either.Token).ConfigureAwait(false);
                if (finished is null)
                {
                    continue;
                }

                attempts.Remove(finished);
                try
                {
                    var open = await finished.ConfigureAwait(false);
                    Remember(open.Transport.Kind);
                    return open;
                }
                catch (TransportException error) when (!error.Final && !error.Unreachable)
                {
                    last = error;
                }
            }
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransportException(DisconnectCode.Abnormal, error);
        }
        finally
        {
            await either.CancelAsync().ConfigureAwait(false);
            foreach (var attempt in attempts)
            {
                _ = ForgetAsync(attempt);
            }
        }
    }

    private IEnumerable<ClientTransport> Order()
    {
        if (_found is { } found && _time.GetElapsedTime(_foundAt) < Remembered)
        {
            return options.Transports.OrderBy(transport => transport != found);
        }

        return options.Transports;
    }

    private void Remember(ClientTransport found)
    {
        if (_found != found)
        {
            _found = found;
            _foundAt = _time.GetTimestamp();
        }
        else if (_time.GetElapsedTime(_foundAt) >= Remembered)
        {
            _foundAt = _time.GetTimestamp();
        }
    }

    // The first attempt that ends; null where it is time for the next one.
    private async Task<Task<OpenTransport>?> FirstAsync(List<Task<OpenTransport>> attempts, bool more, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pause = Task.Delay(more ? Start : Timeout.InfiniteTimeSpan, _time, stop.Token);
        var first = await Task.WhenAny([.. attempts, pause]).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return first == pause ? null : (Task<OpenTransport>)first;
    }

    private async Task<OpenTransport> OpenAsync(ClientTransport kind, string? token, CancellationToken cancellationToken)
    {
        ITransport? transport = null;
        try
        {
            transport = kind switch
            {
                ClientTransport.WebSocket => await WebSocketTransport.OpenAsync(address, token, headers, http, options, cancellationToken).ConfigureAwait(false),
                ClientTransport.ServerSentEvents => new EventStreamTransport(Link(token), channels, options.MaxMessageBytes, _time),
                _ => new PollingTransport(Link(token), channels, _time),
            };
            var connected = await transport.ReceiveAsync(cancellationToken).ConfigureAwait(false);
            if (connected.Type != "connected")
            {
                throw new TransportException(DisconnectCode.Abnormal);
            }

            var open = new OpenTransport(transport, connected);
            transport = null;
            return open;
        }
        catch (TransportException error)
        {
            ClientLog.NotOpened(log, kind, error.Reason.Code, error);
            throw;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // What a platform does not have, another transport may do without.
            var unusable = new TransportException(DisconnectCode.Abnormal, error);
            ClientLog.NotOpened(log, kind, unusable.Reason.Code, error);
            throw unusable;
        }
        finally
        {
            if (transport is not null)
            {
                await transport.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private HttpLink Link(string? token) => new(address, http, headers, options) { Token = token };

    private static async Task ForgetAsync(Task<OpenTransport> attempt)
    {
        try
        {
            var open = await attempt.ConfigureAwait(false);
            await open.Transport.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // It came too late, and failed: nobody wants to know how.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }
}

using Microsoft.Extensions.Logging;
using Tidings.Client.Commands;
using Tidings.Client.Contracts;
using Tidings.Client.Transports;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Connecting;

/// <summary>One connection from <c>connected</c> to its end: reads, sends, and watches that the server is there.</summary>
internal sealed class Session(
    OpenTransport open, ChannelTable channels, Outbox outbox, ClientToken token, IChannelTokens channelTokens, TidingsClientOptions options, Action<DirectMessage> direct, ILogger log)
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);

    // How long the frame that says why is waited for, once sending has failed.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly ITransport _transport = open.Transport;
    private readonly TimeProvider _time = options.TimeProvider;
    private readonly long _began = options.TimeProvider.GetTimestamp();
    private readonly TimeSpan _heartbeat = Waits.Heartbeat(open.Connected.Whole("pingInterval"));

    private TimeSpan? _after;
    private int _renewing;
    private bool _stayAway;

    public ClientTransport Kind => _transport.Kind;

    /// <summary>Subscribing on this connection.</summary>
    public Subscriber Subscriber { get; } = new(open.Transport, channels, outbox, channelTokens);

    /// <summary>What the server said first, on a following transport the last time.</summary>
    public ServerFrame Connected { get; private set; } = open.Connected;

    /// <summary>Runs until the connection ends or is cancelled.</summary>
    public async Task<SessionEnd> RunAsync(CancellationToken cancellationToken)
    {
        // Not linked: whoever cancels wants the close frame sent, and cancelling a WebSocket's read aborts it.
        using var end = new CancellationTokenSource();
        var cancelled = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(cancelled.SetResult).ConfigureAwait(false);
        var loops = new[] { ReceiveAsync(end.Token), SendAsync(end.Token), WatchAsync(end.Token) };
        var first = await Task.WhenAny([.. loops, cancelled.Task]).ConfigureAwait(false);
        if (first == cancelled.Task)
        {
            await CloseAsync(loops[0]).ConfigureAwait(false);
        }

        await end.CancelAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        var failure = first.Exception?.InnerException;
        if (failure is not TransportException)
        {
            ClientLog.Failed(log, failure ?? new InvalidOperationException("A loop ended."));
        }

        var ended = failure as TransportException;
        return new SessionEnd(
            ended?.Reason ?? DisconnectCode.Abnormal, _after ?? ended?.After, _stayAway, ended?.Unreachable ?? false, _time.GetElapsedTime(_began), failure?.InnerException);
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var frame = await _transport.ReceiveAsync(cancellationToken).ConfigureAwait(false);
            if (frame.Id is { } id)
            {
                outbox.Answer(id, frame);
            }
            else
            {
                await OnToldAsync(frame, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask OnToldAsync(ServerFrame frame, CancellationToken cancellationToken)
    {
        switch (frame.Type)
        {
            case "ping":
                await _transport.SendSignAsync(CommandWriter.Pong, cancellationToken).ConfigureAwait(false);
                break;
            case "connected":
                Connected = frame;
                Subscriber.OnStream();
                break;
            case "direct":
                direct(new DirectMessage(frame.Text("from"), frame.Raw("data")) { Connection = frame.Text("connection") });
                break;
            case "token_expiring":
                if (Interlocked.Exchange(ref _renewing, 1) == 0)
                {
                    _ = RenewAsync(cancellationToken);
                }

                break;
            case "disconnecting":
                _stayAway = frame.Truth("reconnect") == false;
                _after = Waits.AskedFor(frame.Whole("after"));
                break;
            case "error":
                ClientLog.ServerError(log, frame.Text("code"), frame.Text("error"));
                break;
            case "unsubscribed" when frame.Error is ErrorCode.Expired or ErrorCode.Unauthorized && frame.Channel is { } name && channels.Find(name) is { Token.IsFresh: false } channel:
                channelTokens.Ended(channel);
                break;
            case "unsubscribed" when frame.Error is ErrorCode.Unavailable && frame.Channel is { } name && channels.Find(name) is { Token: not null } channel:
                channelTokens.Later(channel);
                break;
            default:
                channels.Route(frame);
                break;
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var commands = await outbox.TakeAsync(cancellationToken).ConfigureAwait(false);
                await _transport.SendAsync(commands, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (TransportException)
        {
            await Task.Delay(LastWords, _time, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(WatchEvery, _time);
        var asked = false;
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            outbox.Expire(options.CommandLimit);
            var silence = _time.GetElapsedTime(_transport.LastHeard);
            if (silence >= _heartbeat * 2)
            {
                throw new TransportException(DisconnectCode.Abnormal);
            }

            // One question before the verdict: the way there may be broken while the way back is only quiet.
            if (silence < _heartbeat)
            {
                asked = false;
            }
            else if (!asked && silence >= _heartbeat * 1.5)
            {
                asked = true;
                await _transport.SendSignAsync(CommandWriter.Ping, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            token.Forget();
            var fresh = await token.GetAsync(cancellationToken).ConfigureAwait(false);
            if (_transport is IFollowingTransport following)
            {
                following.Renew(fresh);
            }
            else if (fresh is not null)
            {
                var id = outbox.NextId();
                outbox.Add(new PendingCommand(id, CommandWriter.Write("auth", id, writer => writer.WriteString("token"u8, fresh)), Delivery.Connection));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The next connection asks again.
        }
        catch (Exception error)
        {
            ClientLog.TokenFailed(log, error);
        }
        finally
        {
            Volatile.Write(ref _renewing, 0);
        }
    }

    private async Task CloseAsync(Task receiving)
    {
        using var limit = new CancellationTokenSource(LastWords);
        await _transport.CloseAsync(limit.Token).ConfigureAwait(false);
        await Task.WhenAny(receiving, Task.Delay(Timeout.InfiniteTimeSpan, limit.Token)).ConfigureAwait(false);
    }
}

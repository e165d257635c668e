using Microsoft.Extensions.Logging;
using Tidings.Client.Commands;
using Tidings.Client.Transports;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Connecting;

/// <summary>One connection from <c>connected</c> to its end: reads, sends, and watches that the server is there.</summary>
internal sealed class Session(
    OpenTransport open, ChannelTable channels, Outbox outbox, ClientToken token, TidingsClientOptions options, Action<DirectMessage> direct, ILogger log)
{
    // Milliseconds: nobody is sent away for longer than the slowest back-off waits.
    private const long MostAfter = 300_000;

    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OwnHeartbeat = TimeSpan.FromSeconds(30);

    // How long the frame that says why is waited for, once sending has failed.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly ITransport _transport = open.Transport;
    private readonly TimeProvider _time = options.TimeProvider;
    private readonly long _began = options.TimeProvider.GetTimestamp();
    private readonly TimeSpan _heartbeat =
        open.Connected.Whole("pingInterval") is { } interval and > 0 and <= int.MaxValue ? TimeSpan.FromMilliseconds(interval) : OwnHeartbeat;

    private TimeSpan? _after;
    private int _renewing;
    private bool _stayAway;

    public ClientTransport Kind => _transport.Kind;

    /// <summary>What the server said first, on a following transport the last time.</summary>
    public ServerFrame Connected { get; private set; } = open.Connected;

    /// <summary>Asks for a subscription, from where it stands.</summary>
    public void Subscribe(ChannelFeed feed)
    {
        if (_transport is IFollowingTransport following)
        {
            SubscribeByAddress(feed, following);
            return;
        }

        if (channels.Servers.TakeOver(feed.Channel))
        {
            Ask("unsubscribe", writer => writer.WriteString("channel"u8, feed.Channel), static _ => { });
        }

        var (since, last) = (feed.Since, feed.Last);
        Ask(
            "subscribe",
            writer => CommandWriter.Subscribe(writer, feed.Channel, since, last, feed.Options.Presence, feed.Options.Conflate),
            answer => OnSubscribed(feed, answer));
    }

    /// <summary>Ends a subscription.</summary>
    public void Unsubscribe(ChannelFeed feed)
    {
        if (_transport is IFollowingTransport following)
        {
            following.Follow();
        }
        else
        {
            Ask("unsubscribe", writer => writer.WriteString("channel"u8, feed.Channel), static _ => { });
        }
    }

    /// <summary>Asks for the messages that a lagging subscription has not queued.</summary>
    public void ReadHistory(ChannelFeed feed)
    {
        var command = Ask(
            "history",
            writer => CommandWriter.History(writer, feed.Channel, new HistoryOptions { Since = feed.Position, Limit = feed.Page }),
            answer => OnHistory(feed, answer));
        _ = WatchAsync();

        async Task WatchAsync()
        {
            try
            {
                await command.Answer.ConfigureAwait(false);
            }
            catch (TidingsException error) when (error.Code == ErrorCode.Timeout)
            {
                feed.OnHistoryFailed(again: true);
            }
            catch (TidingsException)
            {
                // Refused, which the answer's own handler has seen, or lost with the connection.
            }
        }
    }

    /// <summary>Asks who is in a channel.</summary>
    public void ReadPresence(ChannelFeed feed) =>
        Ask("presence", writer => writer.WriteString("channel"u8, feed.Channel), answer =>
        {
            if (answer.Type == "presence")
            {
                feed.OnPresence(answer.Presence());
            }
        });

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
            ended?.Reason ?? DisconnectCode.Abnormal, _after ?? ended?.After, _stayAway, ended?.Unreachable ?? false, _time.GetElapsedTime(_began));
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
                break;
            case "direct":
                direct(new DirectMessage(frame.Text("from"), frame.Raw("data")));
                break;
            case "token_expiring":
                if (Interlocked.Exchange(ref _renewing, 1) == 0)
                {
                    _ = RenewAsync(cancellationToken);
                }

                break;
            case "disconnecting":
                _stayAway = frame.Truth("reconnect") == false;
                _after = frame.Whole("after") is { } after ? TimeSpan.FromMilliseconds(Math.Min(after, MostAfter)) : null;
                break;
            case "error":
                ClientLog.ServerError(log, frame.Text("code"), frame.Text("error"));
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
            outbox.Expire(options.CommandTimeout);
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
                Ask("auth", writer => writer.WriteString("token"u8, fresh), static _ => { });
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

    private void SubscribeByAddress(ChannelFeed feed, IFollowingTransport following)
    {
        channels.Servers.TakeOver(feed.Channel);
        if (!channels.FitsAddress(feed))
        {
            Refuse(feed, new TidingsException(ErrorCode.TooMany, "Over plain requests a client has at most 16 channels, whose names fit into an address."));
        }
        else if (feed.Position is { } position)
        {
            feed.OnSubscribed(position, null, null);
            following.Follow();
            AskPresence(feed);
        }
        else
        {
            // The channel's position, and the newest messages where they are wanted: the stream goes on from there.
            Ask(
                "history",
                writer => CommandWriter.History(writer, feed.Channel, new HistoryOptions { Last = Math.Max(feed.Options.Last, 1) }),
                answer => OnFirstHistory(feed, answer, following));
        }
    }

    private void AskPresence(ChannelFeed feed)
    {
        if (feed.Options.Presence)
        {
            ReadPresence(feed);
        }
    }

    private void OnSubscribed(ChannelFeed feed, ServerFrame answer)
    {
        if (answer is { Type: "subscribed", Position: { } position })
        {
            feed.OnSubscribed(position, answer.Recovered, answer.Object("presence")?.Presence());
        }
        else
        {
            OnRefused(feed, answer);
        }
    }

    private void OnFirstHistory(ChannelFeed feed, ServerFrame answer, IFollowingTransport following)
    {
        if (answer is not { Type: "history", Position: { } top })
        {
            OnRefused(feed, answer);
            return;
        }

        var messages = feed.Options.Last == 0 ? [] : answer.Objects("messages", "message").ToList();
        var from = messages.Count > 0 && messages[0].Offset is { } offset ? top with { Offset = offset - 1 } : top;
        feed.OnSubscribed(from, null, null);
        messages.ForEach(feed.OnMessage);
        following.Follow();
        AskPresence(feed);
    }

    private void OnHistory(ChannelFeed feed, ServerFrame answer)
    {
        if (answer is { Type: "history", Position: not null })
        {
            feed.OnHistory(answer.History(feed.Channel));
        }
        else if (IsPassing(answer.Error))
        {
            feed.OnHistoryFailed(again: false);
        }
        else
        {
            Refuse(feed, answer.Refusal());
        }
    }

    private void OnRefused(ChannelFeed feed, ServerFrame answer)
    {
        if (IsPassing(answer.Error))
        {
            feed.OnError(answer.Error, answer.Text("error") ?? "");
        }
        else
        {
            Refuse(feed, answer.Refusal());
        }
    }

    private void Refuse(ChannelFeed feed, TidingsException error)
    {
        channels.Remove(feed);
        feed.Complete(error);
    }

    private static bool IsPassing(ErrorCode code) => code is ErrorCode.Unavailable or ErrorCode.Timeout or ErrorCode.Internal or ErrorCode.RateLimited;

    private PendingCommand Ask(string type, Action<System.Text.Json.Utf8JsonWriter> fields, Action<ServerFrame> onAnswer)
    {
        var id = outbox.NextId();
        var command = new PendingCommand(id, CommandWriter.Write(type, id, fields), Delivery.Connection) { OnAnswer = onAnswer };
        outbox.Add(command);
        return command;
    }

    private async Task CloseAsync(Task receiving)
    {
        using var limit = new CancellationTokenSource(LastWords);
        await _transport.CloseAsync(limit.Token).ConfigureAwait(false);
        await Task.WhenAny(receiving, Task.Delay(Timeout.InfiniteTimeSpan, limit.Token)).ConfigureAwait(false);
    }
}

using System.Diagnostics;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Feeds;

/// <summary>
/// What one node hears of one channel: puts offsets in order, fills holes from the log before anything newer, and hands each message to the hub once.
/// </summary>
/// <remarks>
/// Subscribed first, then read: what was published before is in the log, what comes after arrives, and what is in both is dropped by its offset.
/// The same holds whenever there is a new connection. Safe from any thread.
/// </remarks>
/// <param name="channel">The channel.</param>
/// <param name="names">Where in pub/sub it is heard.</param>
/// <param name="hub">Where its messages go.</param>
/// <param name="log">Where its log is read.</param>
/// <param name="time">Time.</param>
public sealed class ChannelFeed(string channel, IReadOnlyList<string> names, IMessageSink hub, ILogReader log, TimeProvider time)
{
    /// <summary>How long a hole may close by itself before the log is read.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    /// <summary>The most messages that wait for what is before them; beyond, the log is read anew.</summary>
    public const int MostHeld = 1000;

    private readonly Lock _gate = new();
    private readonly FormerEpochs _former = new();
    private readonly SortedDictionary<long, (Message Message, long Arrival)> _held = [];
    private IFeedLink? _connection;
    private Task _started = Task.CompletedTask;
    private StreamPosition? _seen;
    private long _arrivals;
    private bool _live;
    private bool _removed;
    private int _idleSweeps;

    /// <summary>The channel.</summary>
    public string Channel => channel;

    /// <summary>Where in pub/sub it is heard.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>When the log was last looked at, as <see cref="TimeProvider.GetTimestamp"/> has it.</summary>
    public long CheckedAt { get; private set; }

    /// <summary>Has the channel heard over this connection, and completes once nothing that is published is missed.</summary>
    /// <param name="connection">The connection; another one than before has the log read anew.</param>
    /// <returns>Null where the feed was removed, and another one is needed.</returns>
    public Task? EnsureAsync(IFeedLink connection)
    {
        lock (_gate)
        {
            if (_removed)
            {
                return null;
            }

            _idleSweeps = 0;
            if (_connection != connection)
            {
                _connection = connection;
                _live = false;
                _started = StartAsync(connection);
            }

            return _started;
        }
    }

    /// <summary>Takes what came from pub/sub. Never waits.</summary>
    /// <param name="message">The message, in any order, also again.</param>
    public void Offer(Message message)
    {
        lock (_gate)
        {
            if (message.Kind == MessageKind.Erasure)
            {
                TakeErasure_NeedsLock(message);
            }
            else if (message.Kind == MessageKind.Gap)
            {
                Begin_NeedsLock(message);
            }
            else if (message.Offset == 0)
            {
                hub.Deliver(channel, message);
            }
            else if (_live && IsNext_NeedsLock(message))
            {
                Deliver_NeedsLock(message);
            }
            else if (!IsOld_NeedsLock(message))
            {
                Hold_NeedsLock(message);
            }
        }
    }

    /// <summary>Compares the feed with the log: for logs that may have changed unheard, and to keep the log alive while somebody listens.</summary>
    public Task CheckAsync()
    {
        lock (_gate)
        {
            if (!_live || _removed)
            {
                return Task.CompletedTask;
            }

            _live = false;
            return FillAsync(_connection!);
        }
    }

    /// <summary>Marks the feed as removed where nobody has listened for two sweeps in a row: somebody who comes back soon costs nothing.</summary>
    /// <param name="atOnce">Whether one sweep is enough.</param>
    public bool TryRemove(bool atOnce)
    {
        lock (_gate)
        {
            _idleSweeps = hub.HasSubscribers(channel) ? 0 : _idleSweeps + 1;
            return _removed = _idleSweeps >= (atOnce ? 1 : 2);
        }
    }

    private async Task StartAsync(IFeedLink connection)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await Task.WhenAll(names.Select(connection.HearAsync)).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException error)
        {
            connection.Fail(error.Message);
            throw;
        }

        await FillAsync(connection).ConfigureAwait(false);
    }

    // Reads on from what was seen until all that is held follows on it.
    private async Task FillAsync(IFeedLink connection)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            while (true)
            {
                StreamPosition? since;
                long arrived;
                lock (_gate)
                {
                    since = _seen;
                    arrived = _arrivals;
                }

                var part = await log.ReadLogAsync(channel, since).ConfigureAwait(false);
                lock (_gate)
                {
                    if (_connection != connection)
                    {
                        return;
                    }

                    CheckedAt = time.GetTimestamp();
                    if (Apply_NeedsLock(part, arrived))
                    {
                        return;
                    }
                }

                if (!part.More)
                {
                    await Task.Delay(Patience, time).ConfigureAwait(false);
                }
            }
        }
        catch (BrokerUnavailableException error)
        {
            // The next connection begins where this one has ended.
            connection.Fail(error.Message);
            throw;
        }
    }

    // Whether the feed is live now. What had arrived before the log was read stands in it, or never will.
    private bool Apply_NeedsLock(LogPart part, long arrivedBefore)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread);

        // Nothing was seen: those who listen read the log after this.
        _seen ??= part.Top;
        if (_seen.Value.Epoch != part.Top.Epoch && _former.SeenOf(part, _seen.Value) is { } before)
        {
            // It goes on where it was left, if it reaches that far; otherwise reading on ends it.
            See_NeedsLock(before);
            if (before.Offset <= part.Top.Offset)
            {
                hub.Announce(channel, before);
            }

            return false;
        }

        foreach (var message in part.Messages)
        {
            DeliverHeld_NeedsLock(message.Epoch, message.Offset - 1);
            if (!IsOld_NeedsLock(message))
            {
                Deliver_NeedsLock(message);
            }
        }

        _former.Saw(part, _seen.Value);
        if (part.More)
        {
            return false;
        }

        DeliverHeld_NeedsLock(part.Top.Epoch, part.Top.Offset);
        if (_seen.Value.Epoch != part.Top.Epoch || _seen.Value.Offset < part.Top.Offset)
        {
            // The rest is gone, and perhaps nothing is ever said again that would show it.
            See_NeedsLock(part.Top);
            _former.Saw(part, part.Top);
            hub.Announce(channel, part.Top);
        }

        foreach (var (offset, held) in _held.ToArray())
        {
            if (held.Arrival <= arrivedBefore || IsOld_NeedsLock(held.Message))
            {
                _held.Remove(offset);
            }
            else if (IsNext_NeedsLock(held.Message))
            {
                _held.Remove(offset);
                Deliver_NeedsLock(held.Message);
            }
        }

        return _live = _held.Count == 0;
    }

    // What is held up to an offset of an epoch: the log may have lost it since, or never have kept it.
    private void DeliverHeld_NeedsLock(string epoch, long last)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread);
        if (_held.Count == 0)
        {
            return;
        }

        foreach (var (offset, held) in _held.ToArray())
        {
            if (held.Message.Epoch == epoch && offset <= last)
            {
                _held.Remove(offset);
                if (!IsOld_NeedsLock(held.Message))
                {
                    Deliver_NeedsLock(held.Message);
                }
            }
        }
    }

    // Of what nobody has been shown yet the log has the empty place; what is held here is no longer as it was.
    private void TakeErasure_NeedsLock(Message erasure)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread);
        if (IsOld_NeedsLock(erasure))
        {
            hub.Deliver(channel, erasure);
        }
        else if (_held.TryGetValue(erasure.Offset, out var held) && held.Message.Epoch == erasure.Epoch)
        {
            _held[erasure.Offset] = (Message.Erased(MessageKind.Removed, channel, erasure.Position), held.Arrival);
        }
    }

    // The log was erased. A feed that is about to read it finds that by itself.
    private void Begin_NeedsLock(Message gap)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread);
        if (_live && gap.Epoch != _seen?.Epoch)
        {
            See_NeedsLock(gap.Position);
            hub.Deliver(channel, gap);
        }
    }

    private void Hold_NeedsLock(Message message)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread);
        if (_held.Count >= MostHeld)
        {
            // They are in the log.
            _held.Clear();
        }

        _held[message.Offset] = (message, ++_arrivals);
        if (_live)
        {
            _live = false;
            _ = WaitAndFillAsync(_connection!);
        }
    }

    private async Task WaitAndFillAsync(IFeedLink connection)
    {
        try
        {
            await Task.Delay(Patience, time).ConfigureAwait(false);
            await FillAsync(connection).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            // Told to the connection.
        }
    }

    private void Deliver_NeedsLock(Message message)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread);
        See_NeedsLock(message.Position);
        hub.Deliver(channel, message);
    }

    private void See_NeedsLock(StreamPosition position)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread);
        if (_seen is { } seen && seen.Epoch != position.Epoch)
        {
            _former.Left(seen, position.Epoch);
        }

        _seen = position;
    }

    private bool IsNext_NeedsLock(Message message) => _seen is { } seen && message.Epoch == seen.Epoch && message.Offset == seen.Offset + 1;

    private bool IsOld_NeedsLock(Message message) =>
        _seen is { } seen && (message.Epoch == seen.Epoch ? message.Offset <= seen.Offset : _former.Find(message.Epoch)?.Offset >= message.Offset);
}

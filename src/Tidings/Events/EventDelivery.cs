using System.Text;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;

namespace Tidings.Events;

/// <summary>Tells one receiver what waits for it, as long as this node is the one that does.</summary>
/// <remarks>One task does it; the receiver's slowness is nobody else's. What is not taken out of the queue is told again, by this node or another one.</remarks>
internal sealed partial class EventDelivery
{
    /// <summary>How long a node delivers that is not heard of any more.</summary>
    public static readonly TimeSpan HoldLife = IEventStore.HoldLife;

    private const int MostUnderWay = 4;

    // Of those, beside the rest.
    private const int MostApart = 2;

    private static readonly TimeSpan HoldInterval = TimeSpan.FromSeconds(2);

    private readonly EventReceiver _receiver;
    private readonly int _index;
    private readonly IEventStore _store;
    private readonly EventMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly DeliveryWindow _window = new();
    private readonly Lock _gate = new();
    private readonly WakeUp _wake = new();
    private readonly DeliveryOutage _outage;
    private readonly DeliverySuspects _suspects = new();
    private long _turn;
    private long? _erasures;
    private bool _readsAnew;
    private long _trimmed;
    private long _leftAt;
    private int _refusedInRow;
    private int _askedInRow;
    private bool _asksWithOld;
    private long _heldUntil = long.MinValue;
    private long _holdDue;
    private volatile bool _mayHaveMore = true;
    private volatile bool _ended;
    private volatile bool _isFollowed;

    public EventDelivery(EventReceiver receiver, int index, IEventStore store, EventMetrics metrics, TimeProvider time, ILogger log)
    {
        (_receiver, _index, _store, _metrics, _time, _log) = (receiver, index, store, metrics, time, log);
        _outage = new DeliveryOutage(receiver.Name, time, log);
    }

    public EventReceiver Receiver => _receiver;

    /// <summary>How many events waited lately, where this node delivers them; else 0.</summary>
    public long Queued { get; private set; }

    /// <summary>Called with what was told, while somebody follows. Set before it runs.</summary>
    public Action<EventReceiver, DeliveryOutcome, IReadOnlyList<QueuedEvent>>? OnTold { get; set; }

    /// <summary>Something was added to the queue.</summary>
    public void Wake()
    {
        _mayHaveMore = true;
        _wake.Set();
    }

    /// <summary>What this node knows of the delivery; where it is not the one that delivers, only that.</summary>
    public DeliveryState Describe()
    {
        lock (_gate)
        {
            var refused = _window.Batches.Where(static batch => batch.Why is not null).ToList();
            return new DeliveryState(_time.GetTimestamp() < _heldUntil, _ended, _window.UnderWay, _outage.Why, refused.ConvertAll(batch => new RefusedBatch(
                batch.Events[0].Id, batch.Events.Count, batch.Failures, batch.Why!, batch.IsUnderWay ? TimeSpan.Zero : Positive(_time.GetElapsedTime(_time.GetTimestamp(), batch.Due)))));
        }
    }

    /// <summary>Delivers until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var wait = HoldInterval;
            try
            {
                wait = await StepAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (BrokerUnavailableException)
            {
                // What was read is read again: another node may have told it meanwhile.
                Forget();
            }
#pragma warning disable CA1031 // Whatever went wrong, the receiver is told what comes next.
            catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
            {
                LogFailed(error, _receiver.Name);
            }

            await _wake.WaitAsync(wait, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Returns how long there is nothing to do, unless somebody wakes it.
    private async Task<TimeSpan> StepAsync(CancellationToken cancellationToken)
    {
        if (_time.GetTimestamp() >= _holdDue && !await HoldAsync().ConfigureAwait(false))
        {
            return HoldInterval;
        }

        await ReadAsync().ConfigureAwait(false);
        while (!_ended && Next() is { } batch)
        {
            _ = DeliverAsync(batch, cancellationToken);
        }

        return UntilNext();
    }

    private async Task<bool> HoldAsync()
    {
        var asked = _time.GetTimestamp();
        if (_ended && !await IsTakenUpAsync().ConfigureAwait(false))
        {
            _holdDue = asked + Ticks(HoldInterval);
            return false;
        }

        var answer = await _store.TryHoldAsync(_index, Describe().ToJson()).ConfigureAwait(false);
        _holdDue = asked + Ticks(HoldInterval);
        _isFollowed = answer.IsFollowed;
        if (!answer.Holds)
        {
            Queued = 0;
            Forget();
            return false;
        }

        Volatile.Write(ref _heldUntil, asked + Ticks(HoldLife));
        if (answer.Retries)
        {
            await RetryAsync().ConfigureAwait(false);
        }

        // Also where the news of what was added was lost.
        _mayHaveMore = true;
        Queued = (await _store.CountAsync(_index).ConfigureAwait(false)).Events;
        return true;
    }

    // A node that has started with the receiver in its configuration has it told again, and may deliver itself: nobody else holds the right to.
    private async Task<bool> IsTakenUpAsync()
    {
        if ((await _store.ReadAsync(_index, default, 0).ConfigureAwait(false)).IsEnded)
        {
            return false;
        }

        _ended = false;
        return true;
    }

    // Tells at once what waits to be told again.
    private async Task RetryAsync()
    {
        await _receiver.Target.AskAgainAsync().ConfigureAwait(false);
        lock (_gate)
        {
            _outage.AskNow();
            _suspects.Clear();
            foreach (var batch in _window.Batches)
            {
                batch.Due = 0;
            }
        }
    }

    private TimeSpan UntilNext()
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            var next = _holdDue;
            if (_outage.Lasts)
            {
                next = Math.Min(next, Math.Max(_outage.AsksAt, now + 1));
            }
            else
            {
                foreach (var batch in _window.Batches.Where(batch => !batch.IsUnderWay && batch.Due > now))
                {
                    next = Math.Min(next, batch.Due);
                }
            }

            return Positive(_time.GetElapsedTime(now, next)) + TimeSpan.FromMilliseconds(1);
        }
    }

    private void Forget()
    {
        lock (_gate)
        {
            _heldUntil = long.MinValue;
            _holdDue = 0;
            _turn++;
            _mayHaveMore = true;
            _window.Clear();
        }
    }

    private QueuedEvent TrimmedEvent(long count)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return QueuedEvent.Read(default, Encoding.ASCII.GetBytes($$$"""{"id":"{{{_receiver.Id}}}-{{{now}}}-{{{count}}}","type":"{{{ServerEventType.EventsTrimmed}}}","data":{"count":{{{count}}}},"time":{{{now}}}}"""))!;
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    private static TimeSpan Positive(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;

    [LoggerMessage(420, LogLevel.Error, "Telling events to {Receiver} failed unexpectedly")]
    private partial void LogFailed(Exception error, string receiver);
}

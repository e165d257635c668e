using System.Text;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;

namespace Tidings.Events;

/// <summary>Tells one receiver what waits for it, as long as this node is the one that does.</summary>
/// <remarks>One task does it; the receiver's slowness is nobody else's. What is not taken out of the queue is told again, by this node or another one.</remarks>
internal sealed partial class EventDelivery
{
    /// <summary>How long a node delivers that is not heard of any more.</summary>
    public static readonly TimeSpan HoldLife = TimeSpan.FromSeconds(8);

    private const int MostUnderWay = 4;
    private const int MostRefused = 32;

    // So many refusals and nothing taken in between: it is not the events.
    private const int RefusedInRow = 3;

    private const int MostRead = 500;
    private const int MostWaiting = 10_000;

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
    private EventPlace _read;
    private long _trimmed;
    private int _refusedInRow;
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

    /// <summary>Tells at once what waits to be told again.</summary>
    public void Retry()
    {
        lock (_gate)
        {
            _outage.AskNow();
            foreach (var batch in _window.Batches)
            {
                batch.Due = 0;
            }
        }

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
        if (_time.GetTimestamp() >= _holdDue)
        {
            var asked = _time.GetTimestamp();
            var answer = await _store.TryHoldAsync(_index, Describe().ToJson()).ConfigureAwait(false);
            _holdDue = asked + Ticks(HoldInterval);
            _isFollowed = answer.IsFollowed;
            if (!answer.Holds)
            {
                Queued = 0;
                Forget();
                return HoldInterval;
            }

            Volatile.Write(ref _heldUntil, asked + Ticks(HoldLife));
            if (answer.Retries)
            {
                Retry();
            }

            // Also where the news of what was added was lost.
            _mayHaveMore = true;
            Queued = (await _store.CountAsync(_index).ConfigureAwait(false)).Events;
        }

        await ReadAsync().ConfigureAwait(false);
        while (!_ended && Next() is { } batch)
        {
            _ = DeliverAsync(batch, cancellationToken);
        }

        return UntilNext();
    }

    private async Task ReadAsync()
    {
        while (!_ended && _mayHaveMore && _window.Waiting < MostWaiting)
        {
            _mayHaveMore = false;
            var page = await _store.ReadAsync(_index, _read, MostRead).ConfigureAwait(false);
            if (page.IsEnded)
            {
                _ended = true;
                return;
            }

            lock (_gate)
            {
                _read = page.Last;
                _trimmed = page.Trimmed;
                _window.Add(page.Events);
            }

            if (page.Events.Count == MostRead)
            {
                _mayHaveMore = true;
            }
        }
    }

    private DeliveryBatch? Next()
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            var underWay = _window.UnderWay;
            // While something is under way only whole batches follow it: what comes little by little is told together, and in its order.
            if (underWay >= MostUnderWay || (underWay > 0 && _window.Waiting < DeliveryWindow.MostInBatch) || now >= _heldUntil || (_outage.Lasts && (underWay > 0 || now < _outage.AsksAt)))
            {
                return null;
            }

            // Somebody who is away is asked by one batch alone: in turn by what failed before and by what has not, as what failed may be what cannot be taken.
            _asksWithOld = !_outage.Lasts || !_asksWithOld;
            return _asksWithOld ? _window.TakeDue(now) ?? TakeNew_NeedsLock() : TakeNew_NeedsLock() ?? _window.TakeDue(now);
        }
    }

    private DeliveryBatch? TakeNew_NeedsLock()
    {
        if (_window.Batches.Count - _window.UnderWay >= MostRefused)
        {
            return null;
        }

        var trimmed = _trimmed - _window.TrimmedInBatches;
        return _window.TakeNew(trimmed > 0 ? TrimmedEvent(trimmed) : null, Math.Max(0, trimmed));
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
            _read = default;
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

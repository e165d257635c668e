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

    public EventDelivery(EventReceiver receiver, int index, IEventStore store, EventMetrics metrics, TimeProvider time, ILogger log)
    {
        (_receiver, _index, _store, _metrics, _time, _log) = (receiver, index, store, metrics, time, log);
        _outage = new DeliveryOutage(receiver.Name, time, log);
    }

    public EventReceiver Receiver => _receiver;

    /// <summary>How many events waited lately, where this node delivers them; else 0.</summary>
    public long Queued { get; private set; }

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
            var holds = await _store.TryHoldAsync(_index).ConfigureAwait(false);
            _holdDue = asked + Ticks(HoldInterval);
            if (!holds)
            {
                Queued = 0;
                Forget();
                return HoldInterval;
            }

            Volatile.Write(ref _heldUntil, asked + Ticks(HoldLife));
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

    private async Task DeliverAsync(DeliveryBatch batch, CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var started = _time.GetTimestamp();
        var longest = _receiver.Target.LimitOf(batch.Events.Count);
        DeliveryOutcome outcome;
        try
        {
            using var limit = new CancellationTokenSource(longest, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            outcome = await _receiver.Target.DeliverAsync(batch.Events, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
        catch (OperationCanceledException)
        {
            outcome = new DeliveryOutcome(DeliveryResult.Away, $"no answer within {longest.TotalSeconds:0.###} s");
        }
#pragma warning disable CA1031 // It counts as a refusal.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogFailed(error, _receiver.Name);
            outcome = new DeliveryOutcome(DeliveryResult.Refused, error.GetType().Name);
        }

        try
        {
            _metrics.Told(outcome.Result, batch.Events.Count, _time.GetElapsedTime(started));
            await FinishAsync(batch, outcome).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            // Told, and still in the queue: it is told once more.
            Forget();
        }

        _wake.Set();
    }

    private async Task FinishAsync(DeliveryBatch batch, DeliveryOutcome outcome)
    {
        switch (outcome.Result)
        {
            case DeliveryResult.Delivered:
                await _store.RemoveAsync(_index, PlacesOf(batch.Events), -batch.Trimmed).ConfigureAwait(false);
                lock (_gate)
                {
                    _outage.End();
                    _refusedInRow = 0;
                    _trimmed -= batch.Trimmed;
                    _window.Remove(batch);
                }

                break;
            case DeliveryResult.Unsubscribed:
                _ended = true;
                LogUnsubscribed(_receiver.Name);
                await _store.EndAsync(_index).ConfigureAwait(false);
                Forget();
                break;
            case DeliveryResult.Refused:
                await RefuseAsync(batch, outcome).ConfigureAwait(false);
                break;
            default:
                lock (_gate)
                {
                    _outage.GoOn(outcome.Why!, outcome.RetryAfter);
                    batch.IsUnderWay = false;
                    batch.Due = 0;
                }

                await DropOldAsync([batch]).ConfigureAwait(false);
                break;
        }
    }

    // Those that were taken are done with. Of many that were not, one may be what the receiver cannot take: halves find it.
    private async Task RefuseAsync(DeliveryBatch batch, DeliveryOutcome outcome)
    {
        IReadOnlyList<QueuedEvent> left = outcome.Failed is { } failed ? [.. failed.Select(index => batch.Events[index])] : batch.Events;
        var some = left.Count < batch.Events.Count;
        if (some)
        {
            await _store.RemoveAsync(_index, PlacesOf(batch.Events.Except(left)), -batch.Trimmed).ConfigureAwait(false);
        }

        var parts = DeliverySplit.Of(left).Select((part, index) => new DeliveryBatch(batch.Origin, part, index == 0 && !some ? batch.Trimmed : 0)
        {
            Failures = batch.Failures + 1,
            Why = outcome.Why,
            Due = _time.GetTimestamp() + Ticks(DeliveryBackoff.After(batch.Failures + 1, outcome.RetryAfter)),
        }).ToList();
        lock (_gate)
        {
            _refusedInRow = outcome.Failed is null ? _refusedInRow + 1 : 0;
            if (_refusedInRow > RefusedInRow)
            {
                _outage.GoOn(outcome.Why!, outcome.RetryAfter);
            }
            else
            {
                _outage.End();
                _outage.Refused(outcome.Why!);
            }

            _trimmed -= some ? batch.Trimmed : 0;
            _window.Replace(batch, parts);
        }

        await DropOldAsync(parts).ConfigureAwait(false);
    }

    private async Task DropOldAsync(IReadOnlyList<DeliveryBatch> parts)
    {
        var oldest = _time.GetUtcNow().ToUnixTimeMilliseconds() - (long)DeliveryBackoff.GivesUp.TotalMilliseconds;
        foreach (var part in parts.Where(part => part.Events.All(one => one.Time < oldest)))
        {
            var places = PlacesOf(part.Events);
            await _store.RemoveAsync(_index, places, places.Count).ConfigureAwait(false);
            LogGaveUp(places.Count, _receiver.Name);
            _metrics.Trimmed(places.Count);
            lock (_gate)
            {
                _trimmed += places.Count;
                _window.Remove(part);
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

    private static IReadOnlyList<EventPlace> PlacesOf(IEnumerable<QueuedEvent> events) => [.. events.Select(static one => one.Place).Where(static place => place != default)];

    [LoggerMessage(420, LogLevel.Error, "Telling events to {Receiver} failed unexpectedly")]
    private partial void LogFailed(Exception error, string receiver);

    [LoggerMessage(421, LogLevel.Warning, "{Receiver} has answered 410: it is told no more events until a node starts with it in Tidings:Events")]
    private partial void LogUnsubscribed(string receiver);

    [LoggerMessage(422, LogLevel.Warning, "{Count} events were dropped that {Receiver} has not taken for a day; it is told by events.trimmed")]
    private partial void LogGaveUp(int count, string receiver);
}

/// <summary>What a node knows of a delivery.</summary>
/// <param name="IsHere">Whether this node delivers.</param>
/// <param name="IsEnded">Whether the receiver has unsubscribed.</param>
/// <param name="UnderWay">How many batches are under way.</param>
/// <param name="Away">Why the receiver cannot be reached; null where it can.</param>
/// <param name="Refused">What it did not take.</param>
internal sealed record DeliveryState(bool IsHere, bool IsEnded, int UnderWay, string? Away, IReadOnlyList<RefusedBatch> Refused)
{
    /// <summary>Whether what waits is not told now.</summary>
    public bool IsStuck => IsEnded || Away is not null || Refused.Count > 0;
}

/// <summary>Events that a receiver did not take.</summary>
/// <param name="Id">The first one's id.</param>
/// <param name="Events">How many they are.</param>
/// <param name="Failures">How often they were told.</param>
/// <param name="Why">What was wrong.</param>
/// <param name="Again">When they are told again.</param>
internal sealed record RefusedBatch(string Id, int Events, int Failures, string Why, TimeSpan Again);

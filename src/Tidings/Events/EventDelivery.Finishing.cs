using Microsoft.Extensions.Logging;
using Tidings.Brokers;

namespace Tidings.Events;

/// <content>What becomes of a batch.</content>
internal sealed partial class EventDelivery
{
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

        if (_isFollowed)
        {
            OnTold?.Invoke(_receiver, outcome, batch.Events);
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
                await _store.RemoveAsync(_index, FromQueue(batch.Events), -batch.Trimmed).ConfigureAwait(false);
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
            await _store.RemoveAsync(_index, FromQueue(batch.Events.Except(left)), -batch.Trimmed).ConfigureAwait(false);
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
            var dropped = FromQueue(part.Events);
            await _store.RemoveAsync(_index, dropped, dropped.Count).ConfigureAwait(false);
            LogGaveUp(dropped.Count, _receiver.Name);
            _metrics.Trimmed(dropped.Count);
            lock (_gate)
            {
                _trimmed += dropped.Count;
                _window.Remove(part);
            }
        }
    }

    // What was told beside the queue is not in it.
    private static IReadOnlyList<QueuedEvent> FromQueue(IEnumerable<QueuedEvent> events) => [.. events.Where(static one => one.Place != default)];

    [LoggerMessage(421, LogLevel.Warning, "{Receiver} has answered 410: it is told no more events until a node starts with it in Tidings:Events")]
    private partial void LogUnsubscribed(string receiver);

    [LoggerMessage(422, LogLevel.Warning, "{Count} events were dropped that {Receiver} has not taken for a day; it is told by events.trimmed")]
    private partial void LogGaveUp(int count, string receiver);
}

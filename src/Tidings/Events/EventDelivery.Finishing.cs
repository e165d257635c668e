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

        try
        {
            if (_isFollowed)
            {
                OnTold?.Invoke(_receiver, outcome, batch.Events);
            }

            if (outcome.NotAskedFor is null)
            {
                _metrics.Told(outcome.Result, batch.Events.Count, _time.GetElapsedTime(started));
            }

            await FinishAsync(batch, outcome).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            // Told, and still in the queue: it is told once more.
            Forget();
        }
#pragma warning disable CA1031 // Whatever went wrong, the receiver is told what comes next.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogFailed(error, _receiver.Name);
            Forget();
        }

        _wake.Set();
    }

    private async Task FinishAsync(DeliveryBatch batch, DeliveryOutcome outcome)
    {
        switch (outcome.Result)
        {
            case DeliveryResult.Delivered:
                await TakeOutAsync(batch.Events, batch.Trimmed).ConfigureAwait(false);
                lock (_gate)
                {
                    _outage.End();
                    _refusedInRow = 0;
                    _window.Remove(batch);
                }

                break;
            case DeliveryResult.Unsubscribed:
                LogUnsubscribed(_receiver.Name);
                await _store.EndAsync(_index).ConfigureAwait(false);
                await EndAsync().ConfigureAwait(false);
                break;
            case DeliveryResult.Refused:
                await RefuseAsync(batch, outcome).ConfigureAwait(false);
                break;
            default:
                lock (_gate)
                {
                    if (outcome.NotAskedFor is { } until)
                    {
                        _outage.Wait(outcome.Why!, until);
                    }
                    else
                    {
                        _outage.GoOn(outcome.Why!, outcome.RetryAfter);
                    }

                    batch.IsUnderWay = false;
                    batch.Due = 0;
                }

                await DropOldAsync([batch]).ConfigureAwait(false);
                break;
        }
    }

    // Nobody holds the right to deliver from here on: who starts with the receiver in its configuration may take it.
    private async Task EndAsync()
    {
        _ended = true;
        Queued = 0;
        Forget();
        await _store.TryHoldAsync(_index, Describe().ToJson()).ConfigureAwait(false);
        await _store.ReleaseAsync(_index).ConfigureAwait(false);
    }

    // What was dropped from the queue while it was under way has been told all the same, unless another node has been the one that delivers meanwhile.
    private async Task TakeOutAsync(IEnumerable<QueuedEvent> told, long trimmed)
    {
        var events = FromQueue(told);
        var missing = events.Count - await _store.RemoveAsync(_index, events, -trimmed).ConfigureAwait(false);
        if (missing > 0 && _time.GetTimestamp() < Volatile.Read(ref _heldUntil))
        {
            await _store.RemoveAsync(_index, [], -missing).ConfigureAwait(false);
        }
        else
        {
            missing = 0;
        }

        lock (_gate)
        {
            _trimmed = Math.Max(0, _trimmed - trimmed - missing);
        }
    }

    private async Task DropOldAsync(IReadOnlyList<DeliveryBatch> parts)
    {
        var oldest = _time.GetUtcNow().ToUnixTimeMilliseconds() - (long)DeliveryBackoff.GivesUp.TotalMilliseconds;
        foreach (var part in parts.Where(part => part.Events.All(one => one.Time < oldest)))
        {
            var events = FromQueue(part.Events);
            var dropped = await _store.RemoveAsync(_index, events, events.Count).ConfigureAwait(false);
            if (dropped < events.Count)
            {
                // The others had been dropped and counted before.
                await _store.RemoveAsync(_index, [], dropped - events.Count).ConfigureAwait(false);
            }

            LogGaveUp(dropped, _receiver.Name);
            CountTrimmed(dropped);
            lock (_gate)
            {
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

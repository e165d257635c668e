namespace Tidings.Events;

/// <content>What becomes of a batch that the receiver does not take.</content>
internal sealed partial class EventDelivery
{
    // So many refusals and nothing taken in between: it may be that nothing is taken.
    private const int RefusedInRow = 3;

    // So often it is asked at once for parts of what it did not take, before it is given time.
    private const int AskedInRow = 64;

    // More are left in the queue.
    private const int MostRefused = 256;
    private const int MostRefusedBytes = 8 << 20;

    // Those that were taken are done with. Of many that were not, one may be what the receiver cannot take: halves find it, at once.
    private async Task RefuseAsync(DeliveryBatch batch, DeliveryOutcome outcome)
    {
        IReadOnlyList<QueuedEvent> left = outcome.Failed is { } failed ? [.. failed.Select(index => batch.Events[index])] : batch.Events;
        var some = left.Count < batch.Events.Count;
        if (some)
        {
            await TakeOutAsync(batch.Events.Except(left), batch.Trimmed).ConfigureAwait(false);
        }

        List<DeliveryBatch> parts;
        lock (_gate)
        {
            var isKnown = left.All(_suspects.Has);
            parts = Split_NeedsLock(batch, left, some ? 0 : batch.Trimmed, outcome);
            _window.Replace(batch, parts);
            Count_NeedsLock(outcome, isKnown);
            LeaveMost_NeedsLock();
        }

        await DropOldAsync(parts).ConfigureAwait(false);
    }

    private List<DeliveryBatch> Split_NeedsLock(DeliveryBatch batch, IReadOnlyList<QueuedEvent> left, long trimmed, DeliveryOutcome outcome)
    {
        // Of a handler it is known which they are.
        if (outcome.Failed is null && left.All(one => one.Source == left[0].Source))
        {
            _suspects.Add(left[0].Source);
        }

        var parts = DeliverySplit.Of(left, _suspects.Has);
        var isAtOnce = parts.Count > 1 && outcome is { Failed: null, RetryAfter: null };
        var later = _time.GetTimestamp() + Ticks(DeliveryBackoff.After(batch.Failures + 1, outcome.RetryAfter));
        return [.. parts.Select((part, index) => new DeliveryBatch(batch.Origin, part, index == 0 ? trimmed : 0)
        {
            Failures = batch.Failures + 1,
            Why = outcome.Why,
            Due = isAtOnce && !part.All(_suspects.Has) ? 0 : later,
        })];
    }

    private void Count_NeedsLock(DeliveryOutcome outcome, bool isKnown)
    {
        // What was refused before says nothing of what else is.
        _refusedInRow = outcome.Failed is not null ? 0 : isKnown ? _refusedInRow : _refusedInRow + 1;
        if (outcome.Failed is null && (_outage.Refuses || _refusedInRow > RefusedInRow))
        {
            var isAskedOn = ++_askedInRow % AskedInRow != 0 && _window.Batches.Any(static batch => batch is { IsUnderWay: false, Due: 0 });
            _outage.GoOnRefusing(outcome.Why!, outcome.RetryAfter, isAskedOn);
        }
        else
        {
            _outage.End();
            _outage.Refused(outcome.Why!);
        }
    }

    private void LeaveMost_NeedsLock()
    {
        while (true)
        {
            List<DeliveryBatch> refused = [.. _window.Batches.Where(static batch => batch.IsRefused && !batch.IsUnderWay)];
            if (refused.Count <= MostRefused && (refused.Count <= 1 || refused.Sum(static batch => (long)batch.Bytes) <= MostRefusedBytes))
            {
                return;
            }

            _leftAt = _window.HasLeft ? _leftAt : _time.GetTimestamp();
            _window.Leave(refused.MaxBy(static batch => batch.Due)!);
        }
    }
}

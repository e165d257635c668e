namespace Tidings.Events;

/// <content>What is told next.</content>
internal sealed partial class EventDelivery
{
    private DeliveryBatch? Next()
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            var underWay = _window.UnderWay;
            if (now >= _heldUntil || _readsAnew)
            {
                return null;
            }

            return _outage.Lasts
                ? underWay > 0 || now < _outage.AsksAt ? null : NextOfOutage_NeedsLock(now)
                : underWay < MostUnderWay ? NextOfCalm_NeedsLock(now, underWay) : null;
        }
    }

    // Somebody who is away is asked by one batch alone: in turn by what failed before and by what has not, as what failed may be what cannot be taken. Of somebody who is there and takes nothing,
    // what comes from others than before is the likeliest to be taken.
    private DeliveryBatch? NextOfOutage_NeedsLock(long now)
    {
        if (_outage.Refuses && TakeNew_NeedsLock() is { } others)
        {
            return others;
        }

        _asksWithOld = !_asksWithOld;
        return _asksWithOld ? _window.TakeDue(now) ?? TakeAnyNew_NeedsLock() : TakeAnyNew_NeedsLock() ?? _window.TakeDue(now);
    }

    // Beside what has never failed there is room for what has, and the other way round: neither waits for the other.
    private DeliveryBatch? NextOfCalm_NeedsLock(long now, int underWay)
    {
        var apart = _window.Batches.Count(static batch => batch.IsUnderWay && batch.IsApart);
        if (apart < MostApart && _window.TakeDue(now) is { } due)
        {
            return due;
        }

        // While something is under way only whole batches follow it: what comes little by little is told together, and in its order.
        if ((underWay == apart || _window.Waiting >= DeliveryWindow.MostInBatch) && TakeNew_NeedsLock() is { } batch)
        {
            return batch;
        }

        return apart < MostApart && _suspects.Any ? _window.TakeNew(first: null, trimmed: 0, _suspects.Has, isApart: true) : null;
    }

    private DeliveryBatch? TakeAnyNew_NeedsLock() => TakeNew_NeedsLock() ?? (_suspects.Any ? _window.TakeNew(first: null, trimmed: 0, _suspects.Has, isApart: true) : null);

    private DeliveryBatch? TakeNew_NeedsLock()
    {
        // Of what was dropped while it was under way it is not known yet whether it was told.
        var trimmed = _trimmed - _window.TrimmedInBatches - _window.DroppedUnderWay;
        return _window.TakeNew(trimmed > 0 ? TrimmedEvent(trimmed) : null, Math.Max(0, trimmed), _suspects.Any ? _suspects.HasNot : null);
    }
}

using Microsoft.Extensions.Logging;

namespace Tidings.Events;

/// <content>What is read of the queue.</content>
internal sealed partial class EventDelivery
{
    private const int MostRead = 500;

    // How often it is looked at most whether what was left in the queue can be told now.
    private static readonly TimeSpan TakeUpInterval = TimeSpan.FromSeconds(10);

    private async Task ReadAsync()
    {
        TakeUp();
        while (!_ended && _mayHaveMore)
        {
            _mayHaveMore = false;
            var (turn, after, most) = PrepareToRead();
            var page = await _store.ReadAsync(_index, after, most).ConfigureAwait(false);
            if (page.IsEnded)
            {
                await EndAsync().ConfigureAwait(false);
                return;
            }

            lock (_gate)
            {
                if (turn != _turn)
                {
                    // Forgotten meanwhile.
                    _mayHaveMore = true;
                    return;
                }

                if (_erasures != page.Erasures)
                {
                    _readsAnew |= _erasures is not null;
                    _erasures = page.Erasures;
                }

                if (_readsAnew)
                {
                    // What is under way is told; then all that waits is read without what was erased.
                    _mayHaveMore = true;
                    if (_window.UnderWay > 0)
                    {
                        return;
                    }

                    _readsAnew = false;
                    _turn++;
                    _window.Clear();
                    continue;
                }

                _trimmed = page.Trimmed;
                _window.Add(page);
                _mayHaveMore |= page.HasMore;
                if (most == 0 && _window.IsFull)
                {
                    return;
                }
            }

            await DropAsync(page.Unreadable).ConfigureAwait(false);
        }
    }

    private (long Turn, EventPlace After, int Most) PrepareToRead()
    {
        lock (_gate)
        {
            if (_window.IsFull)
            {
                _leftAt = _window.HasLeft ? _leftAt : _time.GetTimestamp();
                _window.MakeRoom(_suspects.Any ? _suspects.HasNot : null);
            }

            // Of a queue in which more waits than may be read it is asked what has gone from it.
            return (_turn, _window.Read, _window.IsFull ? 0 : MostRead);
        }
    }

    private void TakeUp()
    {
        lock (_gate)
        {
            var interval = _window.MayTakeUp ? TakeUpInterval : DeliveryBackoff.Longest;
            if (_window.HasLeft && _window.Waiting < DeliveryWindow.MostInBatch && _time.GetElapsedTime(_leftAt) >= interval)
            {
                _window.TakeUp();
                _mayHaveMore = true;
            }
        }
    }

    // What stands in a queue and is no event can be told by nobody.
    private async Task DropAsync(IReadOnlyList<QueuedEvent> unreadable)
    {
        if (unreadable.Count > 0)
        {
            var dropped = await _store.RemoveAsync(_index, unreadable, unreadable.Count).ConfigureAwait(false);
            LogUnreadable(dropped, _receiver.Name, unreadable[0].Place.Major, unreadable[0].Place.Minor);
            CountTrimmed(unreadable.Count);
        }
    }

    private void CountTrimmed(int events)
    {
        _metrics.Trimmed(events);
        lock (_gate)
        {
            _trimmed += events;
        }
    }

    [LoggerMessage(426, LogLevel.Warning, "{Count} entries in the queue of {Receiver}, the first at {Major}-{Minor}, are no events and were dropped; the receiver is told by events.trimmed")]
    private partial void LogUnreadable(int count, string receiver, long major, long minor);
}

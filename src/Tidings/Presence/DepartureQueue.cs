using Tidings.Options;

namespace Tidings.Presence;

/// <summary>Who may have left: all wait equally long, so that one timer for the first in line is enough, however many leave at once. Safe from any thread.</summary>
/// <remarks>Where more wait than there is memory for, those who have waited longest leave early.</remarks>
internal sealed class DepartureQueue<T> : IDisposable
{
    // What one takes until it has left, about: its place, its member, often a room.
    private const int Bytes = 1024;

    /// <summary>How long after its last connection a member is still there: a page reload shows nobody leaving.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly Action<T, long> _leave;
    private readonly Queue<(T Who, long Due)> _departures = [];
    private readonly ITimer _timer;
    private readonly long _most;
    private readonly TimeSpan _grace;

    /// <param name="time">The time.</param>
    /// <param name="leave">Called with the one that was added, and when it was due, without a lock.</param>
    /// <param name="most">How many may wait; where it is not given, as many as a sixteenth of the memory holds.</param>
    /// <param name="grace">How long each waits; <see cref="Grace"/> where it is not given.</param>
    public DepartureQueue(TimeProvider time, Action<T, long> leave, long? most = null, TimeSpan? grace = null)
    {
        _grace = grace ?? Grace;
        _most = most ?? ProcessMemory.Bytes / 16 / Bytes;
        _time = time;
        _leave = leave;
        _timer = time.CreateTimer(static queue => ((DepartureQueue<T>)queue!).RemoveDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private long Now => (long)_time.GetElapsedTime(0).TotalMilliseconds;

    /// <returns>When it leaves: what tells this departure from another one of the same member.</returns>
    public long Add(T who)
    {
        var due = Now + (long)_grace.TotalMilliseconds;
        lock (_departures)
        {
            _departures.Enqueue((who, due));
            if (_departures.Count == 1)
            {
                _timer.Change(_grace, Timeout.InfiniteTimeSpan);
            }
            else if (_departures.Count == _most + 1)
            {
                _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }
        }

        return due;
    }

    public void Dispose() => _timer.Dispose();

    private void RemoveDue()
    {
        while (true)
        {
            (T Who, long Due) next;
            lock (_departures)
            {
                if (!_departures.TryPeek(out next))
                {
                    return;
                }

                var left = next.Due - Now;
                if (left > 0 && _departures.Count <= _most)
                {
                    _timer.Change(TimeSpan.FromMilliseconds(left), Timeout.InfiniteTimeSpan);
                    return;
                }

                _departures.Dequeue();
            }

            _leave(next.Who, next.Due);
        }
    }
}

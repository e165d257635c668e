using Tidings.Options;

namespace Tidings.Presence;

/// <summary>Who may have left, each until its grace is over. One timer for the first in line is enough, however many leave at once. Safe from any thread.</summary>
/// <remarks>Where more wait than there is memory for, the first in line leave early.</remarks>
internal sealed class DepartureQueue<T> : IDisposable
{
    // What one takes until it has left, about, besides its info: its place, its member, often a room.
    private const int Bytes = 1024;

    private readonly TimeProvider _time;
    private readonly Action<T, long> _leave;
    private readonly PriorityQueue<Departure, (long Due, long Number)> _departures = new();
    private readonly ITimer _timer;
    private readonly long _most;
    private long _number;
    private long _bytes;
    private long _timerDue = long.MaxValue;

    /// <param name="time">The time.</param>
    /// <param name="leave">Called with the one that was added, and when it was due, without a lock.</param>
    /// <param name="most">How many without info may wait; where it is not given, as many as a sixteenth of the memory holds.</param>
    public DepartureQueue(TimeProvider time, Action<T, long> leave, long? most = null)
    {
        _most = most * Bytes ?? ProcessMemory.Bytes / 16;
        _time = time;
        _leave = leave;
        _timer = time.CreateTimer(static queue => ((DepartureQueue<T>)queue!).RemoveDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private long Now => (long)_time.GetElapsedTime(0).TotalMilliseconds;

    /// <param name="who">Who leaves.</param>
    /// <param name="grace">After how long.</param>
    /// <param name="info">How many bytes of JSON are kept so long.</param>
    /// <returns>When it leaves: what tells this departure from another one of the same member.</returns>
    public long Add(T who, TimeSpan grace, int info = 0)
    {
        lock (_departures)
        {
            var due = Now + (long)grace.TotalMilliseconds;
            _departures.Enqueue(new Departure(who, Bytes + info), (due, ++_number));
            _bytes += Bytes + info;
            if (_bytes > _most)
            {
                SetTimer_NeedsLock(0);
            }
            else if (due < _timerDue)
            {
                SetTimer_NeedsLock(due);
            }

            return due;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void RemoveDue()
    {
        while (true)
        {
            Departure next;
            long due;
            lock (_departures)
            {
                if (!_departures.TryPeek(out next, out var place))
                {
                    _timerDue = long.MaxValue;
                    return;
                }

                due = place.Due;
                if (due > Now && _bytes <= _most)
                {
                    SetTimer_NeedsLock(due);
                    return;
                }

                _departures.Dequeue();
                _bytes -= next.Bytes;
            }

            _leave(next.Who, due);
        }
    }

    private void SetTimer_NeedsLock(long due)
    {
        _timerDue = due;
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(0, due - Now)), Timeout.InfiniteTimeSpan);
    }

    private readonly record struct Departure(T Who, int Bytes);
}

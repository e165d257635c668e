using System.Diagnostics.CodeAnalysis;

namespace Tidings.Tasks;

/// <summary>Does something as often as it is asked to, but at most once in an interval, and one at a time: at once where it has rested, and at
/// the interval's end for all who asked meanwhile. Safe from any thread; asking never waits.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Stop ends the timer.")]
internal sealed class Paced
{
    private readonly Lock _gate = new();
    private readonly TimeSpan _interval;
    private readonly Func<Task> _work;
    private readonly Action? _onRest;
    private readonly ITimer _timer;
    private bool _asked;
    private bool _urgent;
    private bool _working;
    private bool _resting;
    private bool _ended;
    private Task _last = Task.CompletedTask;

    /// <param name="time">The clock.</param>
    /// <param name="interval">The shortest time from one end to the next beginning.</param>
    /// <param name="work">What is done. It does not throw.</param>
    /// <param name="onRest">Called when an interval has passed in which nobody asked.</param>
    public Paced(TimeProvider time, TimeSpan interval, Func<Task> work, Action? onRest = null)
    {
        _interval = interval;
        _work = work;
        _onRest = onRest;
        _timer = time.CreateTimer(static paced => ((Paced)paced!).OnRested(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Asks for the work to be done.</summary>
    /// <param name="urgent">Not to wait for the interval's end.</param>
    public void Ask(bool urgent = false)
    {
        lock (_gate)
        {
            _asked = true;
            _urgent |= urgent;
            if (_ended || _working || (_resting && !_urgent))
            {
                return;
            }

            Begin_NeedsLock();
        }
    }

    /// <summary>Nothing more is begun.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _ended = true;
        }

        _timer.Dispose();
    }

    /// <summary>The same, and waits for what was begun.</summary>
    public Task EndAsync()
    {
        Stop();
        return SettleAsync();
    }

    /// <summary>Waits until nothing is being done. What has to wait for an interval's end is not waited for.</summary>
    public async Task SettleAsync()
    {
        while (true)
        {
            Task last;
            lock (_gate)
            {
                if (!_working)
                {
                    return;
                }

                last = _last;
            }

            await last.ConfigureAwait(false);
        }
    }

    private void Begin_NeedsLock()
    {
        (_asked, _urgent, _working, _resting) = (false, false, true, false);
        _last = Task.Run(WorkAsync);
    }

    private async Task WorkAsync()
    {
        await _work().ConfigureAwait(false);
        lock (_gate)
        {
            _working = false;
            if (_ended)
            {
                return;
            }

            if (_urgent)
            {
                Begin_NeedsLock();
                return;
            }

            _resting = true;
            _timer.Change(_interval, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnRested()
    {
        lock (_gate)
        {
            if (!_resting || _ended)
            {
                return;
            }

            _resting = false;
            if (_asked)
            {
                Begin_NeedsLock();
                return;
            }
        }

        _onRest?.Invoke();
    }
}

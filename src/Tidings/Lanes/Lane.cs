using Microsoft.Extensions.Logging;

namespace Tidings.Lanes;

/// <summary>
/// Owns connections: everything that reads, writes or changes one happens in its lane's turns, one at a time. Others post work.
/// </summary>
/// <remarks>
/// A turn runs what was posted and what the sockets bring, then fans out and flushes each connection that got something, once.
/// Posting is safe from any thread and keeps the order of each poster; all else is for the turn alone.
/// </remarks>
internal abstract class Lane : IDisposable
{
    [ThreadStatic]
    private static Lane? s_current;

    private readonly Lock _gate = new();
    private readonly List<Dirty> _dirty = [];
    private readonly List<IFanOut> _fanOuts = [];
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly long _started;
    private List<(ILaneWork Work, object? Argument)> _posted = [];
    private List<(ILaneWork Work, object? Argument)> _running = [];
    private bool _awake;

    protected Lane(TimeProvider time, ILogger log)
    {
        _time = time;
        _log = log;
        _started = time.GetTimestamp();
        Timers = new TimerWheel(this, time);
        Deliveries = new LaneDeliveries(time);
    }

    /// <summary>The lane whose turn this thread is running.</summary>
    public static Lane? Current => s_current;

    public TimerWheel Timers { get; }

    /// <summary>The connections of this lane that are attached to a wire.</summary>
    public SlotTable<LaneMember> Members { get; } = new();

    /// <summary>What went through the lane.</summary>
    public LaneTraffic Traffic { get; } = new();

    /// <summary>The messages of this turn.</summary>
    public LaneDeliveries Deliveries { get; }

    /// <summary>Milliseconds since the lane was made, as of the beginning of the turn.</summary>
    public long Now { get; private set; }

    /// <summary>The same as of this moment.</summary>
    public long ReadClock() => (long)_time.GetElapsedTime(_started).TotalMilliseconds;

    /// <summary>Bytes that wait in the queues of this lane's connections.</summary>
    public long QueuedBytes { get; set; }

    /// <summary>Has <paramref name="work"/> run in a turn of this lane.</summary>
    public void Post(ILaneWork work, object? argument = null)
    {
        if (Enqueue(work, argument))
        {
            Wake();
        }
    }

    /// <summary>To await, to go on in a turn of this lane.</summary>
    public LaneSwitch SwitchTo() => new(this);

    /// <summary>Has the connection flushed at the end of this turn.</summary>
    public void MarkDirty(LaneMember member) => _dirty.Add(new Dirty(member));

    /// <summary>Has what a channel collects in this turn handed to its subscribers after all work that was posted.</summary>
    public void MarkPending(IFanOut fanOut) => _fanOuts.Add(fanOut);

    /// <summary>Hands on what channels have collected in this turn so far, so that what follows comes after it.</summary>
    public void FanOut()
    {
        for (var i = 0; i < _fanOuts.Count; i++)
        {
            try
            {
                _fanOuts[i].FanOut();
            }
#pragma warning disable CA1031 // see Run
            catch (Exception error)
#pragma warning restore CA1031
            {
                Failed(error, _fanOuts[i].GetType().Name);
            }
        }

        _fanOuts.Clear();
    }

    /// <summary>Logs what went wrong with one piece of work; the lane goes on.</summary>
    public void Failed(Exception error, string kind)
    {
        LaneLog.WorkFailed(_log, error, kind);
        LaneEvents.Log.WorkFailed(kind, error);
    }

    public abstract void Dispose();

    /// <summary>Makes sure that a turn begins soon. Called once for all that is posted until then.</summary>
    protected abstract void Wake();

    /// <returns>True where the caller must wake the lane, or run its turn.</returns>
    protected bool Enqueue(ILaneWork work, object? argument)
    {
        lock (_gate)
        {
            _posted.Add((work, argument));
            var wake = !_awake;
            _awake = true;
            return wake;
        }
    }

    protected void BeginTurn()
    {
        s_current = this;
        Now = ReadClock();
        lock (_gate)
        {
            _awake = true;
        }
    }

    /// <summary>Runs what was posted, fans out and flushes.</summary>
    /// <returns>Whether more was posted meanwhile; where not, the next post wakes the lane.</returns>
    protected bool RunPosted()
    {
        lock (_gate)
        {
            (_posted, _running) = (_running, _posted);
        }

        for (var i = 0; i < _running.Count; i++)
        {
            Run(_running[i].Work, _running[i].Argument);
        }

        _running.Clear();
        FanOut();
        Flush();
        Deliveries.End();
        lock (_gate)
        {
            _awake = _posted.Count > 0;
            return _awake;
        }
    }

    protected static void EndTurn() => s_current = null;

    // What goes wrong with one piece of work is that work's own affair; the lane goes on for all the others.
    private void Run(ILaneWork work, object? argument)
    {
        try
        {
            work.Run(argument);
        }
#pragma warning disable CA1031 // see above
        catch (Exception error)
#pragma warning restore CA1031
        {
            Failed(error, work.GetType().Name);
        }
    }

    private void Flush()
    {
        // Flushing may close a connection, whose leaving may give others something to send.
        for (var i = 0; i < _dirty.Count; i++)
        {
            try
            {
                _dirty[i].Member.Flush();
            }
#pragma warning disable CA1031 // see Run
            catch (Exception error)
#pragma warning restore CA1031
            {
                Failed(error, _dirty[i].Member.GetType().Name);
            }
        }

        _dirty.Clear();
    }

    // In a structure: an array of a base class would have the type of each entry checked when it is stored.
    private readonly record struct Dirty(LaneMember Member);
}

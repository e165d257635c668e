using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Tidings.Diagnostics;

namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>How far the outboxes of this process are behind. Safe from any thread.</summary>
internal sealed class OutboxMetrics
{
    private readonly ConcurrentBag<OutboxProgress> _outboxes = [];
    private readonly TimeProvider _time;

    public OutboxMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(TidingsMeter.Name);
        meter.CreateObservableGauge("tidings.outbox.rows", () => _outboxes.Sum(static outbox => outbox.Rows), "{row}", "Committed events that were found in the outbox at the last look, 256 at most at a time.");
        meter.CreateObservableGauge("tidings.outbox.lag", () => _outboxes.Max(static outbox => (double?)outbox.Lag.TotalSeconds) ?? 0, "s", "How long the outbox has not been seen empty, on the node that publishes what is in it.");
    }

    /// <summary>One more outbox.</summary>
    public OutboxProgress Add()
    {
        var progress = new OutboxProgress(_time);
        _outboxes.Add(progress);
        return progress;
    }
}

/// <summary>What the relay of one outbox last saw.</summary>
internal sealed class OutboxProgress(TimeProvider time)
{
    // A timestamp; 0 while the outbox was empty when it was last looked at, or is another node's.
    private long _behindSince;
    private volatile int _rows;

    public int Rows => _rows;

    public TimeSpan Lag => Volatile.Read(ref _behindSince) is var since and not 0 ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>So many rows were there.</summary>
    public void Found(int rows)
    {
        _rows = rows;
        if (rows > 0)
        {
            FallBehind();
        }
        else
        {
            Volatile.Write(ref _behindSince, 0);
        }
    }

    /// <summary>Nobody could look: what is there is not known.</summary>
    public void FallBehind()
    {
        if (_behindSince == 0)
        {
            Volatile.Write(ref _behindSince, Math.Max(1, time.GetTimestamp()));
        }
    }
}

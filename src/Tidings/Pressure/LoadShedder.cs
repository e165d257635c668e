using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Tidings.Pressure;

/// <summary>Refuses what is new or can wait while the process is hard-pressed, so that those who are here are not harmed. Safe from any thread.</summary>
/// <remarks>It looks when somebody asks, at most ten times a second, and by a timer as long as it refuses: it costs nothing where nobody comes. It begins at a
/// limit and ends when the pressure has been well under it for a while.</remarks>
internal sealed partial class LoadShedder : IDisposable
{
    /// <summary>After how many milliseconds those who are refused may try again.</summary>
    public const int RetryAfter = 5000;

    private const double MemoryCalm = 0.05;
    private const int QueueCalm = 4;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RelieveEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CalmFor = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly IPressure _pressure;
    private readonly OverloadOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Counter<long> _shed;
    private readonly ITimer _watch;
    private readonly long _made;
    private string? _reason;
    private TimeSpan _lookedAt = TimeSpan.MinValue;
    private TimeSpan _relievedAt;
    private TimeSpan? _calmSince;
    private long _refused;

    public LoadShedder(IPressure pressure, OverloadOptions options, TimeProvider time, IMeterFactory meters, ILogger log)
    {
        (_pressure, _options, _time, _log) = (pressure, options, time, log);
        _shed = meters.Create("Tidings").CreateCounter<long>(
            "tidings.shed", "{request}", "Connections and optional work refused because the process is hard-pressed, by what presses it: memory or threads.");
        _made = time.GetTimestamp();
        _watch = time.CreateTimer(static shedder => ((LoadShedder)shedder!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What is short, <c>memory</c> or <c>threads</c>; null where nothing is.</summary>
    public string? Reason
    {
        get
        {
            Look();
            return Volatile.Read(ref _reason);
        }
    }

    /// <summary>Whether something that is new or can wait is to be refused now, which is then counted.</summary>
    public bool TryShed()
    {
        if (Reason is not { } reason)
        {
            return false;
        }

        Interlocked.Increment(ref _refused);
        _shed.Add(1, new KeyValuePair<string, object?>("reason", reason));
        return true;
    }

    public void Dispose() => _watch.Dispose();

    private void Look()
    {
        // Other threads that look at the same moment see what was there before.
        if (!_gate.TryEnter())
        {
            return;
        }

        try
        {
            var now = _time.GetElapsedTime(_made);
            if (now - LookEvery >= _lookedAt)
            {
                _lookedAt = now;
                Look_NeedsLock(now);
            }
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void Look_NeedsLock(TimeSpan now)
    {
        var memoryLimit = _options.MemoryPercent / 100.0;
        var memory = memoryLimit > 0 ? _pressure.Memory : 0;
        var delay = _options.QueueDelay > TimeSpan.Zero ? _pressure.QueueDelay : TimeSpan.Zero;
        var found = memoryLimit > 0 && memory >= memoryLimit ? "memory"
            : _options.QueueDelay > TimeSpan.Zero && delay >= _options.QueueDelay ? "threads"
            : null;
        if (found is not null && _reason is null)
        {
            _refused = 0;

            // Much of what is in use may be garbage that nobody has looked for yet: newcomers are not kept out for that.
            _relievedAt = now - RelieveEvery;
            _watch.Change(WatchEvery, WatchEvery);
            LogBegun(_log, found, 100 * memory, delay.TotalMilliseconds);
        }

        if (found is not null)
        {
            _calmSince = null;
            Volatile.Write(ref _reason, found);
        }

        if (_reason is null)
        {
            return;
        }

        if (_reason == "memory" && now - _relievedAt >= RelieveEvery)
        {
            _relievedAt = now;
            _pressure.Relieve();
        }

        if ((memoryLimit > 0 && memory > memoryLimit - MemoryCalm) || delay > _options.QueueDelay / QueueCalm)
        {
            _calmSince = null;
            return;
        }

        _calmSince ??= now;
        if (now - _calmSince >= CalmFor)
        {
            _calmSince = null;
            _watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Volatile.Write(ref _reason, null);
            LogEnded(_log, Interlocked.Read(ref _refused));
        }
    }

    [LoggerMessage(210, LogLevel.Warning, "Overloaded, {Reason} is short: new connections and what can wait are refused. Memory in use: {Percent:0} % of what there is; work waits {Delay:0} ms for a thread")]
    private static partial void LogBegun(ILogger log, string reason, double percent, double delay);

    [LoggerMessage(211, LogLevel.Information, "No longer overloaded; {Count} requests were refused")]
    private static partial void LogEnded(ILogger log, long count);
}

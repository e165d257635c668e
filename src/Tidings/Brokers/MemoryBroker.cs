using System.Collections.Concurrent;
using System.Security.Cryptography;
using Tidings.Protocol;

namespace Tidings.Brokers;

/// <summary>The broker of a single node: its logs live and end with the process.</summary>
internal sealed class MemoryBroker : IBroker, IDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, MemoryLog> _logs = new(StringComparer.Ordinal);
    private readonly IMessageSink _sink;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;

    // All logs that are begun between two sweeps have the same: a log is dropped in a sweep only, so one that is begun anew has another.
    private volatile string _epoch = NewEpoch();

    public MemoryBroker(IMessageSink sink, TimeProvider time)
    {
        _sink = sink;
        _time = time;
        _sweep = time.CreateTimer(static broker => ((MemoryBroker)broker!).Sweep(), this, SweepInterval, SweepInterval);
    }

    /// <summary>Channels that have a log.</summary>
    public int Logs => _logs.Count;

    // Ages go by a clock that nobody sets; what messages say of their time, by the one that people read.
    private long Now => (long)_time.GetElapsedTime(0).TotalMilliseconds;

    private long Clock => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default)
    {
        if (publication.Durable)
        {
            throw new NotDurableException("The broker in memory ends with the process; durable publishing needs Redis with appendfsync always.");
        }

        while (true)
        {
            var log = LogOf(publication.Channel);

            // Offset, log entry and delivery share one lock: whoever can see offset N can also read message N, and everybody sees the same order.
            lock (log)
            {
                if (log.TryUse(_epoch))
                {
                    return ValueTask.FromResult(Publish(log, publication));
                }
            }
        }
    }

    // The publisher lives in this process, and so do all who could repeat it.
    public ValueTask ReleaseAsync(string channel, IReadOnlyList<string> idempotencyKeys, CancellationToken cancellationToken = default)
    {
        if (_logs.TryGetValue(channel, out var log))
        {
            lock (log)
            {
                log.Forget(idempotencyKeys);
            }
        }

        return default;
    }

    public ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default) => default;

    public ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var log = LogOf(channel);
            lock (log)
            {
                if (log.TryUse(_epoch))
                {
                    log.UsedAt = Now;
                    return ValueTask.FromResult(log.Read(request, log.UsedAt));
                }
            }
        }
    }

    public void Dispose() => _sweep.Dispose();

    private static string NewEpoch() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    private MemoryLog LogOf(string channel) => _logs.GetOrAdd(channel, static _ => new MemoryLog());

    private StreamPosition? Publish(MemoryLog log, Publication publication)
    {
        var now = log.UsedAt = Now;
        if (publication.Ephemeral)
        {
            _sink.Deliver(log.Make(publication, offset: 0, now, Clock));
            return null;
        }

        if (publication.IdempotencyKey is { } key && log.FindRepeat(key, now) is { } first)
        {
            return new StreamPosition(log.Epoch, first);
        }

        var message = log.Append(publication, now, Clock);
        _sink.Deliver(message);
        return message.Position;
    }

    // Logs that nobody listens to and that hold nothing any more are dropped. Should one be begun again, its epoch says so.
    private void Sweep()
    {
        // Before any is dropped. A log takes its epoch at its first use, under its lock: one in a dropped one's place takes a later one.
        _epoch = NewEpoch();
        var unused = Now - (long)Retention.IdempotencyWindow.TotalMilliseconds;
        foreach (var (channel, log) in _logs)
        {
            lock (log)
            {
                log.Trim(Now);
                log.TrimHeld(Now);
                if (log.UsedAt < unused && log.IsEmpty && !_sink.HasSubscribers(channel))
                {
                    log.Dropped = true;
                    _logs.TryRemove(channel, out _);
                }
            }
        }
    }
}

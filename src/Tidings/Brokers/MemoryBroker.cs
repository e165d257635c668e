using System.Collections.Concurrent;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Brokers;

/// <summary>The broker of a single node: its logs live and end with the process.</summary>
internal sealed class MemoryBroker : IBroker, IDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, MemoryLog> _logs = new(StringComparer.Ordinal);
    private readonly IMessageSink _sink;
    private readonly HistoryBudget _budget;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;

    private readonly AbsentEpochs _absent = new();

    /// <param name="sink">Where messages go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="budget">What all logs may take; where none is given, it is not limited.</param>
    public MemoryBroker(IMessageSink sink, TimeProvider time, HistoryBudget? budget = null)
    {
        _budget = budget ?? new HistoryBudget();
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
            throw new NotDurableException("The broker in memory ends with the process; durable publishing needs a directory (Tidings:Data, --data; AddData), or Redis with appendfsync always.");
        }

        if (publication.Ephemeral)
        {
            PublishInPassing(publication);
            return default;
        }

        var position = Append(publication);
        if (_budget.IsOver)
        {
            _budget.Relieve(Evict);
        }

        return ValueTask.FromResult<StreamPosition?>(position);
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

    public ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default)
    {
        while (_logs.TryGetValue(channel, out var log))
        {
            lock (log)
            {
                if (!log.Dropped)
                {
                    return ValueTask.FromResult(position is { } place ? Erase(log, place) : Clear(log));
                }
            }
        }

        return ValueTask.FromResult(0);
    }

    public ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default) => default;

    public ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default)
    {
        // Encoded frames count, too: those that earlier readers needed.
        if (_budget.IsOver)
        {
            _budget.Relieve(Evict);
        }

        while (_logs.TryGetValue(channel, out var log))
        {
            lock (log)
            {
                if (log.Epoch.Length == 0)
                {
                    // Its first message is still on its way.
                    break;
                }

                if (!log.Dropped)
                {
                    log.UsedAt = Now;
                    return ValueTask.FromResult(log.Read(request, log.UsedAt));
                }
            }
        }

        return ValueTask.FromResult(MemoryLog.ReadAbsent(channel, _absent.Of(channel), request));
    }

    public void Dispose() => _sweep.Dispose();

    private StreamPosition Append(Publication publication)
    {
        while (true)
        {
            var log = _logs.TryGetValue(publication.Channel, out var known)
                ? known
                : _logs.GetOrAdd(publication.Channel, static (channel, budget) => new MemoryLog(channel, budget), _budget);

            // Offset, log entry and delivery share one lock: a reader that can see offset N can also read message N, and everybody sees the same order.
            lock (log)
            {
                if (log.Dropped)
                {
                    continue;
                }

                if (log.Epoch.Length == 0)
                {
                    log.Begin(_absent.Of(publication.Channel), publication.Sender);
                }

                var now = log.UsedAt = Now;
                if (publication.IdempotencyKey is { } key && log.FindRepeat(key, now) is { } first)
                {
                    return new StreamPosition(log.Epoch, first);
                }

                var message = log.Append(publication, now, Clock);
                _sink.Deliver(message);
                return message.Position;
            }
        }
    }

    // In its log's order where there is one. It makes none.
    private void PublishInPassing(Publication publication)
    {
        var message = MemoryLog.Make(publication, position: default, Clock);
        if (_logs.TryGetValue(publication.Channel, out var log))
        {
            lock (log)
            {
                _sink.Deliver(message);
            }
        }
        else
        {
            _sink.Deliver(message);
        }
    }

    private int Erase(MemoryLog log, StreamPosition position)
    {
        log.Trim(Now);
        if (!log.TryErase(position))
        {
            return 0;
        }

        _sink.Deliver(Message.Erased(MessageKind.Erasure, log.Channel, position));
        return 1;
    }

    // One in which nothing was said since it began shows nothing either.
    private int Clear(MemoryLog log)
    {
        if (log.Top == 0)
        {
            return 0;
        }

        log.Trim(Now);
        _absent.Forget(log.Channel);
        var count = log.Clear(_absent.Of(log.Channel));
        _sink.Deliver(Message.Cleared(log.Channel, log.Epoch));
        return count;
    }

    private int Evict(HistoryShare share, long wanted)
    {
        var log = share.Log;
        lock (log)
        {
            log.Trim(Now);
            var messages = log.Evict(share, wanted);
            DropIfUnused(log);
            return messages;
        }
    }

    private void Sweep()
    {
        var unused = Now - (long)Retention.IdempotencyWindow.TotalMilliseconds;
        foreach (var log in _logs.Values)
        {
            lock (log)
            {
                log.Trim(Now);
                log.TrimHeld(Now);
                if (log.UsedAt < unused)
                {
                    DropIfUnused(log);
                }
            }
        }
    }

    // A log that nobody listens to and that holds nothing any more. Should it be begun again, its epoch says so. Under its lock.
    private void DropIfUnused(MemoryLog log)
    {
        if (!log.Dropped && log.IsEmpty && !_sink.HasSubscribers(log.Channel))
        {
            _absent.Forget(log.Channel);
            log.Drop();
            _logs.TryRemove(KeyValuePair.Create(log.Channel, log));
        }
    }
}

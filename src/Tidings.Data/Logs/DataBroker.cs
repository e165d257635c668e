using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Data.Segments;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Data.Logs;

/// <summary>The broker of a single node whose logs survive it. What anybody is shown is with the operating system before; what was durable is on disk before it is acknowledged.</summary>
internal sealed partial class DataBroker : IBroker, IDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    // More than that is not read for one answer: who wants it reads it in pieces.
    private const long MostRead = 64 << 20;

    private readonly ConcurrentDictionary<string, DataLog> _logs = new(StringComparer.Ordinal);
    private readonly IMessageSink _sink;
    private readonly HistoryBudget _budget;
    private readonly DurableRoom _durable;
    private readonly Journal _journal;
    private readonly AbsentEpochs _absent;
    private readonly KeptClock _clock;
    private readonly ILogger _log;
    private readonly ITimer _sweep;
    private readonly Compactor _compactor;
    private readonly ITimer _purge;

    // So many answers at once may read from files.
    private readonly SemaphoreSlim _readers = new(8);

    public DataBroker(IEnumerable<DataLog> logs, Journal journal, AbsentEpochs absent, KeptClock clock, HistoryBudget budget, DurableRoom durable, IMessageSink sink, TimeProvider time, ILogger log)
    {
        (_journal, _absent, _clock, _budget, _durable, _sink, _log) = (journal, absent, clock, budget, durable, sink, log);
        foreach (var one in logs)
        {
            _logs[one.Channel] = one;
            one.Lasting = one.Top;
        }

        _compactor = new Compactor(_logs, journal, durable, clock, log);
        journal.Filled = _compactor.Start;

        _purge = time.CreateTimer(static broker => ((DataBroker)broker!).Purge(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (journal.Segments.Any(static segment => segment.HoldsErased))
        {
            StartPurging();
        }

        _sweep = time.CreateTimer(static broker => ((DataBroker)broker!).Sweep(), this, SweepInterval, SweepInterval);
    }

    /// <summary>Channels that have a log.</summary>
    public int Logs => _logs.Count;

    internal Compactor Compactor => _compactor;

    public ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default)
    {
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

        return publication.Durable ? ConfirmAsync(position) : ValueTask.FromResult<StreamPosition?>(position);
    }

    // Another process after this one may repeat what this one began.
    public ValueTask ReleaseAsync(string channel, IReadOnlyList<string> idempotencyKeys, CancellationToken cancellationToken = default) => default;

    public ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default) => default;

    public ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default)
    {
        if (_budget.IsOver)
        {
            _budget.Relieve(Evict);
        }

        while (_logs.TryGetValue(channel, out var log))
        {
            lock (log.Recent)
            {
                if (log.Recent.Epoch.Length == 0)
                {
                    // Its first message is still on its way.
                    break;
                }

                if (!log.Recent.Dropped)
                {
                    log.Recent.UsedAt = _clock.Now;
                    var (part, piece) = Plan(log, request);
                    part = part with { State = request.State ? log.Recent.ReadState() : [] };
                    return piece is null ? ValueTask.FromResult(part) : ReadFilesAsync(log, request, part, piece, cancellationToken);
                }
            }
        }

        return ValueTask.FromResult(MemoryLog.ReadAbsent(channel, _absent.Of(channel), request));
    }

    public void Dispose()
    {
        _sweep.Dispose();
        _purge.Dispose();
        _compactor.Dispose();
        _readers.Dispose();
    }

    private StreamPosition Append(Publication publication)
    {
        while (true)
        {
            var log = _logs.TryGetValue(publication.Channel, out var known)
                ? known
                : _logs.GetOrAdd(publication.Channel, static (channel, budget) => new DataLog(channel, budget), _budget);
            var recent = log.Recent;

            // Offset, record and delivery share one lock: a reader that can see offset N can also read message N, and everybody sees the same order.
            lock (recent)
            {
                if (recent.Dropped)
                {
                    continue;
                }

                if (recent.Epoch.Length == 0)
                {
                    log.Birth = _absent.BirthOf(publication.Channel);
                    recent.Begin(_absent.EpochOf(log.Birth), publication.Sender);
                }

                var now = recent.UsedAt = _clock.Now;
                if (publication.IdempotencyKey is { } key && recent.FindRepeat(key, now) is { } first)
                {
                    return new StreamPosition(recent.Epoch, first);
                }

                recent.Admit(publication, now);
                var time = _clock.Wall;
                Write(log, publication, now, time);
                var message = recent.Take(publication, now, time);
                if (publication.Durable || publication.Sender.IsServer)
                {
                    log.Lasting = message.Offset;
                }

                _sink.Deliver(message);
                return message.Position;
            }
        }
    }

    // Message and idempotency key are one record: there is never one without the other.
    private void Write(DataLog log, Publication publication, long now, long time)
    {
        var (offset, retention) = (log.Top + 1, publication.Retention);
        var isKept = retention.Size > 0;
        var first = log.FirstWith(offset, retention);
        var change = !publication.IsState ? StateChange.None : publication.Kind == MessageKind.KeyRemoval ? StateChange.Removed : StateChange.Set;
        var hasContent = isKept || change == StateChange.Set;
        var until = publication.IdempotencyKey is null ? 0 : now + (long)publication.IdempotencyWindow.TotalMilliseconds;
        var place = new RecordPlace(log.Birth, offset, first, now, time, retention, publication.Sender) 
        {
            Key = publication.IdempotencyKey, KeyUntil = until, Change = change, StateKey = publication.Key, IsDurable = publication.Durable && isKept,
        };
        var record = Record.Of(
            isKept ? RecordType.Message : RecordType.Place, place, log.Channel, hasContent ? LogEntry.EncodeLine(publication) : default, hasContent ? LogEntry.DataOf(publication) : default);
        if (place.IsDurable)
        {
            _durable.Admit(publication.Sender, record.Length);
        }

        var segment = _journal.Append(record, log, offset, isKept, now, until);
        if (place.IsDurable)
        {
            _durable.Add(segment, publication.Sender, record.Length);
        }

        if (change != StateChange.None)
        {
            (log.State ??= new StateIndex()).Add(publication.Key!, change, offset, segment);
        }

        log.TrimBefore(first);
    }

    private async ValueTask<StreamPosition?> ConfirmAsync(StreamPosition position)
    {
        await _journal.ConfirmAsync().ConfigureAwait(false);
        return position;
    }

    // In its log's order where there is one. It makes none.
    private void PublishInPassing(Publication publication)
    {
        var message = MemoryLog.Make(publication, position: default, _clock.Wall);
        if (_logs.TryGetValue(publication.Channel, out var log))
        {
            lock (log.Recent)
            {
                _sink.Deliver(message);
            }
        }
        else
        {
            _sink.Deliver(message);
        }
    }

    // Room in memory: clients' messages go from the files with it, so that nobody fills the disk; those of the server and durable ones are read from there.
    private int Evict(HistoryShare share, long wanted)
    {
        if (!_logs.TryGetValue(share.Log.Channel, out var log) || log.Recent != share.Log)
        {
            return 0;
        }

        lock (log.Recent)
        {
            log.Recent.Trim(_clock.Now);
            var messages = log.Recent.Evict(share, wanted);
            if (messages > 0 && !share.Owner.Sender.IsServer && log.Lasting < log.Top - log.Recent.Count + 1)
            {
                log.TrimBefore(log.Top - log.Recent.Count + 1);
            }

            return messages;
        }
    }
}

using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Data.Logs;

/// <content>Reading what memory no longer has, and forgetting.</content>
internal sealed partial class DataBroker
{
    // What of an answer is in memory, and what is to be read from files before it; null where nothing is. Under the log's lock.
    private (HistoryPart Part, FilePiece? Files) Plan(DataLog log, HistoryRequest request)
    {
        var recent = log.Recent;
        recent.Trim(_clock.Now);
        log.TrimBefore(Math.Max(log.First, recent.Top - recent.Retention.Size + 1));
        var top = new StreamPosition(recent.Epoch, recent.Top);
        if (RangeOf(log, request) is not var (after, count))
        {
            return (new HistoryPart(top, Recovered: false, []), null);
        }

        var inMemory = recent.Top - recent.Count + 1;
        if (count == 0)
        {
            return (new HistoryPart(top, Recovered: true, []), null);
        }

        if (after + 1 >= inMemory)
        {
            return (recent.Read(request, _clock.Now), null);
        }

        var last = after + count;
        var newer = last < inMemory
            ? []
            : recent.Read(new HistoryRequest(top with { Offset = inMemory - 1 }, 0, (int)(last - inMemory + 1)), _clock.Now).Messages;
        var pieces = log.Index.Find(after + 1, Math.Min(last, inMemory - 1));
        return (new HistoryPart(top, Recovered: true, newer), new FilePiece(after + 1, Math.Min(last, inMemory - 1), [.. pieces.Where(static piece => piece.Segment.TryPin())], log.Oldest(_clock.Now)));
    }

    // After which offset the answer begins, and how many messages it has; null where what lies next to the position asked for is gone.
    private static (long After, long Count)? RangeOf(DataLog log, HistoryRequest request)
    {
        var (epoch, top) = (log.Recent.Epoch, log.Top);
        var limit = request.Limit ?? long.MaxValue;
        if (request.Before is { } before)
        {
            var last = Math.Min(before.Offset - 1, top);
            var count = Math.Clamp(last - log.First + 1, 0, limit);
            return before.Epoch != epoch || (last > 0 && last < log.First) ? null : (last - count, count);
        }

        if (request.Since is { } since && (since.Epoch != epoch || since.Offset > top || since.Offset < log.First - 1))
        {
            return null;
        }

        var after = request.Since?.Offset ?? Math.Max(top - request.Last, log.First - 1);
        return (after, Math.Min(top - after, limit));
    }

    // Away from the lane: a disk may take its time.
    private async ValueTask<HistoryPart> ReadFilesAsync(DataLog log, HistoryRequest request, HistoryPart part, FilePiece files, CancellationToken cancellationToken)
    {
        try
        {
            await _readers.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                var older = await Task.Run(() => LogReader.Read(log.Channel, part.Top.Epoch, files.Pieces, files.Oldest, MostRead), cancellationToken).ConfigureAwait(false);
                return Join(request, part, files, WithoutErased(log, older));
            }
            finally
            {
                _readers.Release();
            }
        }
        catch (RecordDamagedException damage)
        {
            LogDamaged(damage.Message, log.Channel);
            lock (log.Recent)
            {
                log.TrimBefore(damage.Offset + 1);
            }
        }
        catch (IOException error)
        {
            throw new BrokerUnavailableException($"The data directory cannot be read: {error.Message}", error);
        }
        finally
        {
            foreach (var piece in files.Pieces)
            {
                piece.Segment.Unpin();
            }
        }

        return await ReadAsync(log.Channel, request, cancellationToken).ConfigureAwait(false);
    }

    // Fewer than were asked for are there where the oldest are too old by now, or too much for one answer.
    private static HistoryPart Join(HistoryRequest request, HistoryPart part, FilePiece files, List<Message> older)
    {
        var isWhole = older.Count == files.Last - files.First + 1;
        IReadOnlyList<Message> messages = [.. older, .. part.Messages];
        return isWhole || (request.Since is null && (request.Before is null || messages.Count > 0))
            ? part with { Messages = messages }
            : part with { Recovered = false, Messages = [] };
    }

    private void Sweep()
    {
        Forget();
        _compactor.Start();
    }

    private void Forget()
    {
        var now = _clock.Now;
        var unused = now - (long)Retention.IdempotencyWindow.TotalMilliseconds;
        foreach (var log in _logs.Values)
        {
            lock (log.Recent)
            {
                log.Recent.Trim(now);
                log.Recent.TrimHeld(now);
                log.TrimByAge(now);
                if (log.Recent.UsedAt < unused)
                {
                    DropIfUnused(log);
                }
            }
        }
    }

    // A log that nobody listens to and that holds nothing any more. Should it be begun again, its epoch says so. Under its lock.
    private void DropIfUnused(DataLog log)
    {
        if (log.Recent.Dropped || !log.IsEmpty || _sink.HasSubscribers(log.Channel) || _journal.Fault is not null)
        {
            return;
        }

        if (log.Top > 0)
        {
            try
            {
                _absent.Forget(log.Channel);
                _journal.AppendForgotten(log);
            }
            catch (BrokerUnavailableException)
            {
                // It is kept until this can be said.
                return;
            }
        }

        log.Recent.Drop();
        _logs.TryRemove(KeyValuePair.Create(log.Channel, log));
    }

    [LoggerMessage(810, LogLevel.Error, "{Damage}: what the log of {Channel} has up to there is not read any more. Check the disk, and see \"tidings data check\"")]
    private partial void LogDamaged(string damage, string channel);

    /// <summary>What is to be read from files.</summary>
    private sealed record FilePiece(long First, long Last, IReadOnlyList<LogPiece> Pieces, long Oldest);
}

using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <summary>Gives back the room of what is no longer kept: segments of which nothing is wanted go, and of those of which little is, that little is written once more before they do.</summary>
internal sealed partial class Compactor(ConcurrentDictionary<string, DataLog> logs, Journal journal, KeptClock clock, ILogger log) : IDisposable
{
    // So many small ones are better one.
    private const int ManySegments = 16;
    private const int SmallSegment = Journal.SmallestSegment;

    // Keys that end soon are waited for.
    private const long Soon = 10 * 60 * 1000;

    private readonly SemaphoreSlim _turn = new(1);
    private int _running;
    private volatile bool _stopping;

    /// <summary>Begins, unless it is at it. Away from the caller.</summary>
    public void Start()
    {
        if (Interlocked.Exchange(ref _running, 1) == 0)
        {
            _ = Task.Run(RunAsync);
        }
    }

    public void Dispose()
    {
        _stopping = true;
        SpinWait.SpinUntil(() => Volatile.Read(ref _running) == 0, TimeSpan.FromSeconds(5));
    }

    /// <summary>Does it now.</summary>
    public async Task CompactAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await CompactAllAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task CompactAllAsync()
    {
        await journal.ConfirmAsync().ConfigureAwait(false);
        var segments = journal.Segments.SkipLast(1).ToList();
        var wanted = CountWanted();
        foreach (var segment in segments.Where(static segment => segment.Confirmed == segment.End))
        {
            if (_stopping || journal.Fault is not null)
            {
                return;
            }

            var (count, now) = (wanted.GetValueOrDefault(segment), clock.Now);
            var keysEnded = segment.KeysUntil <= now;
            if (count == 0 && keysEnded)
            {
                journal.Remove(segment);
            }
            else if (segment.HoldsErased)
            {
                await MoveAsync(segment).ConfigureAwait(false);
            }
            else if ((keysEnded || segment.KeysUntil > now + Soon) && (count * 2 < segment.Records || (segment.End < SmallSegment && segments.Count > ManySegments)))
            {
                await MoveAsync(segment).ConfigureAwait(false);
            }
        }
    }

    private async Task RunAsync()
    {
        try
        {
            await CompactAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or BrokerUnavailableException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // What was moved is twice there, and one of the two is found; the rest goes the next time.
            LogFailed(error.Message);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    // How many records of each segment are still wanted.
    private Dictionary<Segment, long> CountWanted()
    {
        var wanted = new Dictionary<Segment, long>();
        foreach (var one in logs.Values)
        {
            lock (one.Recent)
            {
                one.TrimBefore(Math.Max(one.First, one.Top - one.Recent.Retention.Size + 1));
                one.TrimByAge(clock.Now);
                foreach (var extent in one.Index.Extents)
                {
                    wanted[extent.Segment] = wanted.GetValueOrDefault(extent.Segment) + extent.Count;
                }

                if (one.Home is { } home && !one.Index.IsIn(home, one.Top))
                {
                    wanted[home] = wanted.GetValueOrDefault(home) + 1;
                }
            }
        }

        return wanted;
    }

    private async Task MoveAsync(Segment segment)
    {
        var (ending, _) = SegmentReader.Read(segment, (in record, position, bytes) =>
        {
            if (record.Type is RecordType.Message or RecordType.Place && logs.TryGetValue(Encoding.UTF8.GetString(record.Channel), out var one))
            {
                lock (one.Recent)
                {
                    Move(one, segment, record, bytes);
                }
            }
        });

        if (ending == SegmentEnding.Damaged)
        {
            LogDamaged(segment.Path);
            LeaveDamaged(segment);
        }

        // The copies are on disk before the originals go.
        await journal.ConfirmAsync().ConfigureAwait(false);
        journal.Remove(segment);
    }

    private void Move(DataLog one, Segment segment, in Record record, ReadOnlySpan<byte> bytes)
    {
        if (one.Recent.Dropped || one.Birth != record.Birth)
        {
            return;
        }

        var now = clock.Now;
        var keyUntil = !record.Key.IsEmpty && record.KeyUntil > now ? record.KeyUntil : 0;
        if (record.Type == RecordType.Message && one.Index.IsIn(segment, record.Offset) && record.Kept > one.Oldest(now))
        {
            journal.Append(one.IsErased(record.Offset) ? WithoutContent(one, record, keyUntil) : bytes, one, record.Offset, isMessage: true, record.Kept, keyUntil, segment);
            return;
        }

        if (record.Type == RecordType.Message && one.Index.IsIn(segment, record.Offset))
        {
            one.TrimBefore(record.Offset + 1);
        }

        if (keyUntil > 0 || (record.Offset == one.Top && one.Home == segment))
        {
            var place = new RecordPlace(record.Birth, record.Offset, Math.Min(one.First, record.Offset + 1), record.Kept, record.Time, one.Recent.Retention, record.Sender)
            {
                Key = keyUntil > 0 ? Encoding.UTF8.GetString(record.Key) : null,
                KeyUntil = keyUntil,
            };
            journal.Append(Record.Of(place, one.Channel, default, default), one, record.Offset, isMessage: false, record.Kept, keyUntil, segment);
        }
    }

    private static ReadOnlySpan<byte> WithoutContent(DataLog one, in Record record, long keyUntil)
    {
        var place = new RecordPlace(record.Birth, record.Offset, record.First, record.Kept, record.Time, record.Retention, record.Sender)
        {
            Key = keyUntil > 0 ? Encoding.UTF8.GetString(record.Key) : null,
            KeyUntil = keyUntil,
        };
        return Record.Of(place, one.Channel, LogEntry.Removed, default);
    }

    private void LeaveDamaged(Segment segment)
    {
        File.Copy(segment.Path, segment.Path + ".damaged", overwrite: true);
        foreach (var one in logs.Values)
        {
            lock (one.Recent)
            {
                if (one.Index.Extents.LastOrDefault(extent => extent.Segment == segment) is { } extent)
                {
                    one.TrimBefore(extent.Last + 1);
                }
            }
        }
    }

    [LoggerMessage(820, LogLevel.Warning, "The data directory could not be compacted ({Reason}); it is tried again")]
    private partial void LogFailed(string reason);

    [LoggerMessage(821, LogLevel.Error, "{Path} is damaged: what could be read of it was moved, and a copy is kept beside it as .damaged")]
    private partial void LogDamaged(string path);
}

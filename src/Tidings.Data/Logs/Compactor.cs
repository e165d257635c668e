using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <summary>Gives back the room of what is no longer kept: segments of which nothing is wanted go, and of those of which little is, that little is written once more before they do.</summary>
internal sealed partial class Compactor(ConcurrentDictionary<string, DataLog> logs, Journal journal, DurableRoom durable, KeptClock clock, ILogger log) : IDisposable
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

        // One that is read while its end is written looks damaged.
        await journal.EndFullAsync().ConfigureAwait(false);
        var segments = journal.Ended;
        var wanted = CountWanted();
        foreach (var segment in segments.Where(static segment => segment.Confirmed == segment.End))
        {
            if (_stopping || journal.Fault is not null)
            {
                return;
            }

            var (count, now) = (wanted.Of(segment), clock.Now);
            var keysEnded = segment.KeysUntil <= now;
            if (count == 0 && keysEnded)
            {
                Remove(segment);
            }
            else if (segment.HoldsErased || wanted.IsHeldByRemovals(segment))
            {
                await MoveAsync(segment).ConfigureAwait(false);
            }
            else if ((keysEnded || segment.KeysUntil > now + Soon) && (count * 2 < segment.Records || (segment.End < SmallSegment && segments.Count > ManySegments)))
            {
                await MoveAsync(segment).ConfigureAwait(false);
            }
        }
    }

    private void Remove(Segment segment)
    {
        journal.Remove(segment);
        durable.Remove(segment);
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

    private Demand CountWanted()
    {
        var demand = new Demand();
        foreach (var one in logs.Values)
        {
            lock (one.Recent)
            {
                one.TrimBefore(Math.Max(one.First, one.Top - one.Recent.Retention.Size + 1));
                one.TrimByAge(clock.Now);
                demand.Add(one);
            }
        }

        return demand;
    }

    [LoggerMessage(820, LogLevel.Warning, "The data directory could not be compacted ({Reason}); it is tried again")]
    private partial void LogFailed(string reason);
}

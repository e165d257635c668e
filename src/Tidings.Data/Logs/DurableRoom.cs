using Tidings.Brokers;
using Tidings.Data.Segments;
using Tidings.Quotas;

namespace Tidings.Data.Logs;

/// <summary>What durable messages of clients take in the segments, and which sender has how much of it. Durable messages are not evicted before their time: over a sender's share that sender is refused.
/// Safe from any thread.</summary>
/// <remarks>It counts what is in the files. What is no longer kept counts until its segment goes, or is written anew without it.</remarks>
/// <param name="budget">Says what they may take together.</param>
/// <param name="directory">On whose file system they are: without a setting they may take a quarter of it.</param>
internal sealed class DurableRoom(HistoryBudget budget, string directory)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Segment, Dictionary<Sender, long>> _segments = [];
    private readonly Dictionary<Sender, long> _senders = [];
    private readonly Lazy<long> _quarter = new(() => QuarterOf(directory));
    private long _total;

    /// <summary>Bytes that all of them take.</summary>
    public long Total
    {
        get
        {
            lock (_gate)
            {
                return _total;
            }
        }
    }

    /// <summary>Makes sure that a sender may have one more message. The share of each is what is still free, so that one alone gets half.</summary>
    /// <exception cref="SenderQuotaException">It may not.</exception>
    public void Admit(Sender sender, int bytes)
    {
        if (sender.IsServer || (budget.DurableLimit ?? _quarter.Value) is not (> 0 and var limit))
        {
            return;
        }

        lock (_gate)
        {
            if (_senders.GetValueOrDefault(sender) + bytes <= limit - _total)
            {
                return;
            }
        }

        throw new SenderQuotaException("Your durable messages take all the room that they may have (Tidings:Limits:DurableBytes).");
    }

    /// <summary>A segment has a message of a sender.</summary>
    public void Add(Segment segment, Sender sender, long bytes)
    {
        if (sender.IsServer)
        {
            return;
        }

        lock (_gate)
        {
            if (!_segments.TryGetValue(segment, out var its))
            {
                _segments.Add(segment, its = []);
            }

            its[sender] = its.GetValueOrDefault(sender) + bytes;
            _senders[sender] = _senders.GetValueOrDefault(sender) + bytes;
            _total += bytes;
        }
    }

    /// <summary>A segment has gone.</summary>
    public void Remove(Segment segment)
    {
        lock (_gate)
        {
            if (!_segments.Remove(segment, out var its))
            {
                return;
            }

            foreach (var (sender, bytes) in its)
            {
                _total -= bytes;
                if ((_senders[sender] -= bytes) == 0)
                {
                    _senders.Remove(sender);
                }
            }
        }
    }

    // A file system that does not say how large it is sets no bound.
    private static long QuarterOf(string directory)
    {
        try
        {
            return new DriveInfo(directory).TotalSize / 4;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return 0;
        }
    }
}

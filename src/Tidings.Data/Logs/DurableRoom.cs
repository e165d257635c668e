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
    private readonly Dictionary<Segment, Dictionary<Sender, int>> _segments = [];
    private readonly SenderShares _shares = new(0);
    private readonly Lazy<long> _quarter = new(() => QuarterOf(directory));

    /// <summary>Makes sure that a sender may have one more message.</summary>
    /// <exception cref="SenderQuotaException">It may not.</exception>
    public void Admit(Sender sender, int bytes)
    {
        if (sender.IsServer || (budget.DurableLimit ?? _quarter.Value) is not (> 0 and var limit))
        {
            return;
        }

        _shares.Places = limit;
        if (!_shares.HasRoom(sender, bytes))
        {
            throw new SenderQuotaException("Your durable messages take all the room that they may have (Tidings:Limits:DurableBytes).");
        }
    }

    /// <summary>A segment has a message of a sender.</summary>
    public void Add(Segment segment, Sender sender, int bytes)
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
            _shares.Take(sender, bytes);
        }
    }

    /// <summary>A segment has gone.</summary>
    public void Remove(Segment segment)
    {
        lock (_gate)
        {
            if (_segments.Remove(segment, out var its))
            {
                _shares.Change([.. its.Select(static one => new SenderChange(one.Key, -one.Value))]);
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

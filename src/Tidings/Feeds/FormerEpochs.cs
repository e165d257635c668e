using Tidings.Protocol;

namespace Tidings.Feeds;

/// <summary>How far a log's epochs were seen that were followed by others: what comes back with an old master is not shown again. Not safe for concurrent use.</summary>
internal sealed class FormerEpochs
{
    // More than there are servers that might come back, and epochs that a log has gone on from.
    private const int Most = 32;

    private readonly List<StreamPosition> _left = [];

    /// <summary>Where an epoch was left; null where it is not known.</summary>
    public StreamPosition? Find(string epoch)
    {
        var at = _left.FindIndex(left => left.Epoch == epoch);
        return at < 0 ? null : _left[at];
    }

    /// <summary>How far a log was seen that has another epoch than what was seen last, because that has come back or has gone on under it; null where nothing of it was seen.</summary>
    /// <param name="log">The log.</param>
    /// <param name="last">What was seen last.</param>
    public StreamPosition? SeenOf(LogPart log, StreamPosition last)
    {
        if (Find(log.Top.Epoch) is { } before)
        {
            return before;
        }

        var most = log.Top.Offset;
        foreach (var former in log.Formers.Reverse())
        {
            most = Math.Min(most, former.Offset);
            if ((former.Epoch == last.Epoch ? last : Find(former.Epoch)) is { } seen)
            {
                return log.Top with { Offset = Math.Min(most, seen.Offset) };
            }
        }

        return null;
    }

    /// <summary>A log was seen up to a position; and so were the epochs that it went on from, as far as it did.</summary>
    /// <param name="log">The log.</param>
    /// <param name="last">What was seen last: of another epoch where nothing of the log was seen yet.</param>
    public void Saw(LogPart log, StreamPosition last)
    {
        var most = last.Offset;
        foreach (var former in last.Epoch == log.Top.Epoch ? log.Formers.Reverse() : [])
        {
            most = Math.Min(most, former.Offset);
            if (!(Find(former.Epoch)?.Offset >= most))
            {
                Left(former with { Offset = most }, next: last.Epoch);
            }
        }
    }

    /// <summary>An epoch was left at a position, for another one.</summary>
    public void Left(StreamPosition position, string next)
    {
        _left.RemoveAll(left => left.Epoch == position.Epoch || left.Epoch == next);
        _left.Add(position);
        if (_left.Count > Most)
        {
            _left.RemoveAt(0);
        }
    }
}

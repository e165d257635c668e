using Tidings.Protocol;

namespace Tidings.Feeds;

/// <summary>How far a log's epochs were seen that were followed by others: what comes back with an old master is not shown again. Not safe for concurrent use.</summary>
internal sealed class FormerEpochs
{
    // More than there are servers that might come back.
    private const int Most = 8;

    private readonly List<StreamPosition> _left = [];

    /// <summary>Where an epoch was left; null where it is not known.</summary>
    public StreamPosition? Find(string epoch)
    {
        var at = _left.FindIndex(left => left.Epoch == epoch);
        return at < 0 ? null : _left[at];
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

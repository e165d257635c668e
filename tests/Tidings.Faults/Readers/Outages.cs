namespace Tidings.Faults.Readers;

/// <summary>How long readers were away, all together.</summary>
internal sealed class Outages
{
    private readonly List<TimeSpan> _sorted;

    private Outages(IEnumerable<TimeSpan> outages) => _sorted = [.. outages.Order()];

    public int Count => _sorted.Count;

    public static Outages Of(IEnumerable<Reader> readers) => new(readers.SelectMany(static reader => reader.Outages));

    /// <returns>Zero where nobody was away.</returns>
    public TimeSpan Percentile(double part) => _sorted.Count == 0 ? TimeSpan.Zero : _sorted[Math.Min(_sorted.Count - 1, (int)(part * _sorted.Count))];
}

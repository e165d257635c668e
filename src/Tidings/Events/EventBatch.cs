namespace Tidings.Events;

/// <summary>Changes of this node in their order, as they are stored.</summary>
/// <param name="Number">1, 2, 3 …: a batch that is stored a second time changes nothing.</param>
/// <param name="Changes">The changes.</param>
/// <param name="HoldsAll">Whether it begins with everything that the node holds: what the store knows besides has ended.</param>
/// <param name="Dropped">How many events were dropped before it, as they were too many.</param>
public sealed record EventBatch(long Number, IReadOnlyList<EventChange> Changes, bool HoldsAll, long Dropped)
{
    /// <summary>Keys of what the store may know as held and a later batch ends: it stays until then.</summary>
    public IReadOnlyCollection<string> Ending { get; init; } = [];

    /// <summary>Keys of all that stays held, where the batch says everything that the node holds.</summary>
    public HashSet<string> Kept() => Changes.Where(static change => change.Kind == EventChangeKind.Hold).Select(static change => change.Key).Concat(Ending).ToHashSet(StringComparer.Ordinal);
}

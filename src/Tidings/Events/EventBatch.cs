namespace Tidings.Events;

/// <summary>Changes of this node in their order, as they are stored.</summary>
/// <param name="Number">1, 2, 3 …: a batch that is stored a second time changes nothing.</param>
/// <param name="Changes">The changes.</param>
/// <param name="HoldsAll">Whether it begins with everything that the node holds: what the store knows besides has ended.</param>
/// <param name="Dropped">How many events were dropped before it, as they were too many.</param>
public sealed record EventBatch(long Number, IReadOnlyList<EventChange> Changes, bool HoldsAll, long Dropped);

namespace Tidings.Protocol.Compression;

/// <summary>What an inflated message may have. Both bounds are asked while it is being inflated.</summary>
/// <param name="Keep">Bytes that are kept. What goes beyond is counted and dropped.</param>
/// <param name="Limit">Bytes at which inflating stops; at least <paramref name="Keep"/>.</param>
internal readonly record struct InflateBounds(int Keep, int Limit)
{
    /// <summary>A message is kept or refused as a whole.</summary>
    public static InflateBounds Of(int limit) => new(limit, limit);

    /// <summary>Asked before memory for the message grows, with the bytes by which it does; false stops the inflating. Null where nobody counts.</summary>
    public Func<int, bool>? MayGrow { get; init; }
}

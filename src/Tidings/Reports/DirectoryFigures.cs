namespace Tidings.Reports;

/// <summary>What a node's report says of its data directory.</summary>
/// <param name="Bytes">Bytes in its segments.</param>
/// <param name="Segments">How many there are.</param>
/// <param name="CommitTime">How long the newest group of records took to be on disk, in milliseconds; null before the first.</param>
/// <param name="Writable">Whether it can be written now.</param>
internal sealed record DirectoryFigures(long Bytes, int Segments, double? CommitTime, bool Writable);

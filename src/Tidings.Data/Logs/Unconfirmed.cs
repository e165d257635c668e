using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <summary>A record that the operating system has, and the disk perhaps not.</summary>
/// <param name="Segment">Where it was written.</param>
/// <param name="Position">At which place.</param>
/// <param name="Record">The record itself, should it have to be written once more.</param>
/// <param name="Chunk">What memory it is in; null where that is its own.</param>
/// <param name="Log">Whose it is; null where it is no log's.</param>
/// <param name="Offset">Its offset; 0 where it has none.</param>
/// <param name="IsMessage">Whether the log's index knows it.</param>
/// <param name="Kept">When it was kept.</param>
internal readonly record struct Unconfirmed(Segment Segment, int Position, RecordBytes Record, RecordChunk? Chunk, DataLog? Log, long Offset, bool IsMessage, long Kept);

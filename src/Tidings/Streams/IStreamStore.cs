namespace Tidings.Streams;

/// <summary>What came of a write.</summary>
public enum StreamWritten : byte
{
    /// <summary>It was written.</summary>
    Yes,

    /// <summary>The stream has another version than the writer knew.</summary>
    Stale,

    /// <summary>All streams together have what they may.</summary>
    Full,

    /// <summary>The writer has its share: it alone is refused.</summary>
    WriterFull,
}

/// <summary>A stream as of one moment.</summary>
/// <param name="Head">What is known of it.</param>
/// <param name="Bytes">Bytes from the place that was asked for on; empty where there are none. They are never changed.</param>
public readonly record struct StoredStream(StreamHead Head, ReadOnlyMemory<byte> Bytes);

/// <summary>Keeps streams of bytes: the one truth about them for all nodes. Safe from any thread.</summary>
/// <remarks>
/// A store decides nothing but whether the version is still the one that the writer knew, and whether there is room; what may be written is decided before. All streams together have a bound, counted by <see cref="StreamHead.Cost"/>: within it an owner may have as much as is still free, so that one alone gets half, and the server
/// all of it. A write is whole or is not
/// there, also after the process was killed, where what it keeps survives that. A store that cannot be reached fails with <see cref="Brokers.BrokerUnavailableException"/>, in time: whether a write
/// was made is not known then. Writes cannot be cancelled.
/// </remarks>
public interface IStreamStore
{
    /// <summary>Whether other processes write, too.</summary>
    bool IsShared { get; }

    /// <summary>Reads a stream.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="from">The place of the first byte.</param>
    /// <param name="most">The most bytes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null where there is none.</returns>
    ValueTask<StoredStream?> ReadAsync(string name, long from, int most, CancellationToken cancellationToken = default);

    /// <summary>Puts a stream in the place of its former version, with bytes behind those that it had.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="former">As it must be, by its version; null where there must be none. What changes in everybody's shares is what the two differ in.</param>
    /// <param name="head">What is known of it then: its <see cref="StreamHead.Length"/> counts <paramref name="bytes"/>. One that is gone has none.</param>
    /// <param name="bytes">What is appended. The store keeps a copy.</param>
    /// <param name="now">The shared clock, in Unix milliseconds.</param>
    ValueTask<StreamWritten> WriteAsync(string name, StreamHead? former, StreamHead head, ReadOnlyMemory<byte> bytes, long now);

    /// <summary>Forgets a stream, if it still has the version of <paramref name="known"/>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="known">What was known of it.</param>
    /// <returns>Whether it was.</returns>
    ValueTask<bool> RemoveAsync(string name, StreamHead known);

    /// <summary>Names of streams whose <see cref="StreamHead.Deadline"/> is over.</summary>
    /// <param name="now">The shared clock, in Unix milliseconds.</param>
    /// <param name="most">The most names.</param>
    ValueTask<IReadOnlyList<string>> ListDueAsync(long now, int most);

    /// <summary>Streams that there are, and bytes that they count for; an estimate where others write, too.</summary>
    ValueTask<(long Streams, long Bytes)> CountAsync();
}

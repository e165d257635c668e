using Tidings.Quotas;

namespace Tidings.Streams;

/// <summary>What is to be appended, and on which conditions.</summary>
/// <param name="Writer">Whose share the bytes count against.</param>
/// <param name="Bytes">The bytes; empty where the stream is only to be closed.</param>
internal sealed record StreamAppend(Sender Writer, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The type that the bytes have; null where that is not to be compared.</summary>
    public string? ContentType { get; init; }

    /// <summary>Whether nothing comes after it.</summary>
    public bool Closes { get; init; }

    /// <summary>With <see cref="Closes"/>: why the stream ends too early; null where it does not.</summary>
    public string? Failure { get; init; }

    /// <summary>A word greater than those of all writes before it; null where the writer gives none.</summary>
    public string? Sequence { get; init; }

    /// <summary>Which request of which producer it is; null where the writer gives none.</summary>
    public StreamProducer? Producer { get; init; }

    /// <summary>The place of the first byte, which makes a repeat known; null for the end.</summary>
    public long? Offset { get; init; }

    /// <summary>Whether all bytes of a text together must be UTF-8.</summary>
    public bool IsChecked { get; init; }
}

/// <summary>What becomes of an append.</summary>
internal enum StreamVerdict : byte
{
    Appended,

    /// <summary>It is known already; nothing was done.</summary>
    Repeated,

    NotFound,

    /// <summary>It was deleted, and has forks.</summary>
    Gone,

    /// <summary>It has ended.</summary>
    Closed,

    /// <summary>The bytes have another type than the stream.</summary>
    OtherType,

    /// <summary><see cref="StreamAppend.Sequence"/> is not greater than the newest one.</summary>
    SequenceBehind,

    /// <summary>The producer was started anew since: it is fenced off.</summary>
    Fenced,

    /// <summary>A new epoch does not begin with 0.</summary>
    EpochBegins,

    /// <summary>Requests of the producer are missing before it.</summary>
    ProducerGap,

    /// <summary>The stream does not end at <see cref="StreamAppend.Offset"/>, and it is no repeat.</summary>
    OtherPlace,

    /// <summary>No UTF-8.</summary>
    NotText,

    /// <summary>The stream would have too many bytes.</summary>
    TooLarge,

    /// <summary>Too many producers.</summary>
    TooManyProducers,

    /// <summary>Too many users write it.</summary>
    TooManyWriters,

    /// <summary>All streams together have what they may.</summary>
    Full,

    /// <summary>The writer has its share.</summary>
    WriterFull,
}

/// <summary>What came of an append.</summary>
/// <param name="Verdict">That.</param>
/// <param name="Head">The stream after it; null where there is none.</param>
/// <param name="Producer">Of a producer that is known its newest request.</param>
internal readonly record struct StreamAppended(StreamVerdict Verdict, StreamHead? Head, StreamProducer? Producer = null);

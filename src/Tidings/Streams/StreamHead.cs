using Tidings.Quotas;

namespace Tidings.Streams;

/// <summary>What is known of a stream besides its bytes. Immutable; each change makes another one with the next version.</summary>
public sealed record StreamHead
{
    /// <summary>What a stream costs besides its bytes.</summary>
    public const int Overhead = 1024;

    private const int ProducerOverhead = 64;

    /// <summary>Goes up by one with each change: what a change must know to be made. The first one is any number, so that it is not that of an earlier stream of the same name.</summary>
    public long Version { get; init; } = 1;

    /// <summary>Tells this stream from an earlier one of the same name.</summary>
    public required string Tag { get; init; }

    /// <summary>The streams that a fork has its first bytes of, the nearest first: their positions hold in it, as far as that goes.</summary>
    public IReadOnlyList<StreamOrigin> Origins { get; init; } = [];

    /// <summary>Its content type, as its maker wrote it.</summary>
    public required string ContentType { get; init; }

    /// <summary>How many bytes it has.</summary>
    public long Length { get; init; }

    /// <summary>Whether it has ended: nothing is appended any more.</summary>
    public bool IsClosed { get; init; }

    /// <summary>Which producer's request closed it; null where none did.</summary>
    public StreamProducer? ClosedBy { get; init; }

    /// <summary>Why it has ended before its producer wanted, in a word; null where it has not.</summary>
    public string? Failure { get; init; }

    /// <summary>Seconds that it lives without being read or written; null for ever.</summary>
    public long? Ttl { get; init; }

    /// <summary>When it ends, as its maker wrote it; null where it does not.</summary>
    public string? Expires { get; init; }

    /// <summary>The same in Unix milliseconds.</summary>
    public long? ExpiresAt { get; init; }

    /// <summary>When it was last read or written, where <see cref="Ttl"/> asks for it. Unix milliseconds.</summary>
    public long Touched { get; init; }

    /// <summary>The newest sequence that a writer gave (<c>Stream-Seq</c>); null where none did.</summary>
    public string? Sequence { get; init; }

    /// <summary>Producers whose repeats are known, each with its newest request.</summary>
    public IReadOnlyList<StreamProducer> Producers { get; init; } = [];

    /// <summary>What it was forked from; null where it was not.</summary>
    public StreamFork? Fork { get; init; }

    /// <summary>How many forks it has.</summary>
    public int Forks { get; init; }

    /// <summary>Whether it was deleted, and its name is kept from others until its last fork is deleted, too.</summary>
    public bool IsGone { get; init; }

    /// <summary>Who made it: whose share it counts against but for what others wrote.</summary>
    public Sender Owner { get; init; } = Sender.Server;

    /// <summary>Who else wrote, each with what that counts for.</summary>
    public IReadOnlyList<StreamShare> Writers { get; init; } = [];

    /// <summary>Of a checked text the beginning of a character whose rest has not come.</summary>
    public ReadOnlyMemory<byte> Unfinished { get; init; }

    /// <summary>Whether a position that was given for a stream of this tag is one of this stream.</summary>
    /// <param name="tag">The tag.</param>
    /// <param name="place">The place.</param>
    public bool Knows(string tag, long place) => tag == Tag || Origins.Any(origin => origin.Tag == tag && place <= origin.Length);

    /// <summary>Whether it consists of JSON values, each a message.</summary>
    public bool IsJson => StreamContentType.IsJson(ContentType);

    /// <summary>When it ends unless somebody reads or writes it; null where it stays. Unix milliseconds.</summary>
    public long? Deadline => (ExpiresAt, Ttl) switch
    {
        ({ } at, { } ttl) => Math.Min(at, Touched + (ttl * 1000)),
        ({ } at, null) => at,
        (null, { } ttl) => Touched + (ttl * 1000),
        _ => null,
    };

    /// <summary>What it counts for in sums, in bytes.</summary>
    public long Cost => Overhead + Length + Producers.Sum(static producer => ProducerOverhead + (2L * producer.Id.Length));

    /// <summary>Whether its time is over.</summary>
    /// <param name="now">Unix milliseconds.</param>
    public bool HasExpired(long now) => Deadline <= now;

    /// <summary>All but the version, for stores that know no fields.</summary>
    public byte[] ToJson() => StreamHeadJson.Write(this);

    /// <summary>Reads what <see cref="ToJson"/> has written.</summary>
    /// <param name="json">The bytes.</param>
    /// <param name="version">The version.</param>
    /// <returns>Null where it is no head, as where somebody else has written it.</returns>
    public static StreamHead? FromJson(ReadOnlyMemory<byte> json, long version) => StreamHeadJson.Read(json, version);
}

/// <summary>A producer whose repeats are known: its newest request.</summary>
/// <param name="Id">Its name, which it keeps over restarts.</param>
/// <param name="Epoch">Counts its restarts; an earlier one is fenced off.</param>
/// <param name="Seq">Counts its requests since.</param>
public sealed record StreamProducer(string Id, long Epoch, long Seq);

/// <summary>A stream that a fork has bytes of.</summary>
/// <param name="Tag">Its tag.</param>
/// <param name="Length">How many bytes of it, from the beginning.</param>
public sealed record StreamOrigin(string Tag, long Length);

/// <summary>Where a fork leaves its source.</summary>
/// <param name="Source">The source's name.</param>
/// <param name="Offset">The position that was asked for; null for the source's end.</param>
/// <param name="Sub">How many bytes, or messages of JSON, behind it.</param>
public sealed record StreamFork(string Source, long? Offset, long Sub);

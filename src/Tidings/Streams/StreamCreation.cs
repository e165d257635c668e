using Tidings.Quotas;

namespace Tidings.Streams;

/// <summary>A stream that is to be made.</summary>
/// <param name="Owner">Who makes it: whose share it counts against.</param>
internal sealed record StreamCreation(Sender Owner)
{
    /// <summary>Its type; null for <see cref="StreamContentType.Binary"/>, or a fork's source's.</summary>
    public string? ContentType { get; init; }

    /// <summary>What it has at once.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>Whether that is all that it will ever have.</summary>
    public bool IsClosed { get; init; }

    /// <inheritdoc cref="StreamHead.Ttl"/>
    public long? Ttl { get; init; }

    /// <inheritdoc cref="StreamHead.Expires"/>
    public string? Expires { get; init; }

    /// <inheritdoc cref="StreamHead.ExpiresAt"/>
    public long? ExpiresAt { get; init; }

    /// <summary>What it is forked from; null where it is not.</summary>
    public StreamFork? Fork { get; init; }

    /// <summary>The tag that the fork's position was given with; null where none was.</summary>
    public string? ForkTag { get; init; }
}

/// <summary>What came of making a stream.</summary>
internal enum StreamMade : byte
{
    Yes,

    /// <summary>It is there, and as it was to be.</summary>
    Exists,

    /// <summary>Another one is there, or one that was deleted and has forks.</summary>
    Conflict,

    /// <summary>There is nothing to fork from.</summary>
    NoSource,

    /// <summary>What was to be forked from was deleted.</summary>
    SourceGone,

    /// <summary>The fork's source has another type.</summary>
    OtherType,

    /// <summary>The source does not reach to there, or no message begins there.</summary>
    NoSuchPlace,

    TooLarge,
    Full,
    OwnerFull,
}

/// <summary>What came of making a stream.</summary>
/// <param name="Made">That.</param>
/// <param name="Head">The stream; null where there is none.</param>
internal readonly record struct StreamCreated(StreamMade Made, StreamHead? Head);

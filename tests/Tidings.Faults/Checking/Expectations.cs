using Tidings.Protocol;

namespace Tidings.Faults.Checking;

/// <summary>What a run may do that another must not.</summary>
internal sealed record Expectations
{
    /// <summary>The log was wiped, or its store may have lost its tail: a change of the epoch is no false alarm.</summary>
    public bool EpochMayChange { get; init; }

    /// <summary>More was said than is kept: whoever was away may have missed it.</summary>
    public bool MayTrim { get; init; }

    /// <summary>The same of whoever was there.</summary>
    public bool MayTrimLive { get; init; }

    /// <summary>Whether what was accepted as durable must be there in the end. Not where somebody wiped the store.</summary>
    public bool DurableSurvives { get; init; } = true;

    /// <summary>How long after a revocation something may still come; in the units of the run's clock.</summary>
    public long RevocationLimit { get; init; } = TimeSpan.TicksPerSecond;

    /// <summary>Whether two entries were said within the window of idempotency. Default: always.</summary>
    public Func<string, IReadOnlyList<StreamPosition>, bool> AreClose { get; init; } = static (_, _) => true;
}

namespace Tidings.Faults.Journals;

/// <summary>What one subscription was promised.</summary>
/// <param name="Owner">For messages: who.</param>
/// <param name="Channel">The channel.</param>
internal sealed record SubscriptionTerms(string Owner, string Channel)
{
    /// <summary>What carries it.</summary>
    public string Transport { get; init; } = "";

    /// <summary>The user who listens; null for nobody.</summary>
    public string? User { get; init; }

    /// <summary>Whether the subscriber must not be told anything.</summary>
    public bool Forbidden { get; init; }

    /// <summary>Whether it asked for the newest of each key alone.</summary>
    public bool Conflates { get; init; }

    /// <summary>Whether its channel's policy lets a slow reader miss messages.</summary>
    public bool MaySkip { get; init; }
}

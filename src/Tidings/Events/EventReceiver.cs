namespace Tidings.Events;

/// <summary>Somebody who is told events: a back end, or a handler of the application.</summary>
/// <param name="Id">The name of its queue, the same on every node and after a restart: letters, digits and <c>-</c>.</param>
/// <param name="Name">What it is called in logs, metrics and the dashboard. Nothing secret is in it.</param>
/// <param name="Filter">What it is told.</param>
/// <param name="Target">How it is told.</param>
internal sealed record EventReceiver(string Id, string Name, EventFilter Filter, IEventTarget Target);

/// <summary>Takes events. Called for several batches at once, of which no two are about the same channel or user.</summary>
internal interface IEventTarget
{
    /// <summary>How long it may take for so many.</summary>
    TimeSpan LimitOf(int events);

    /// <summary>Asks next time, whatever is known of whether it can be reached.</summary>
    Task AskAgainAsync() => Task.CompletedTask;

    /// <summary>Tells events in their order. A failure is an outcome; what it throws counts as a refusal.</summary>
    Task<DeliveryOutcome> DeliverAsync(IReadOnlyList<QueuedEvent> events, CancellationToken cancellationToken);
}

/// <summary>How a delivery ended.</summary>
internal enum DeliveryResult : byte
{
    /// <summary>All were taken.</summary>
    Delivered,

    /// <summary>The receiver is there, and does not take these.</summary>
    Refused,

    /// <summary>The receiver cannot be reached, or has no time for anything now.</summary>
    Away,

    /// <summary>The receiver wants nothing any more.</summary>
    Unsubscribed,
}

/// <summary>What came of a delivery.</summary>
/// <param name="Result">How it ended.</param>
/// <param name="Why">What was wrong, for people, without anything secret; null where nothing was.</param>
internal readonly record struct DeliveryOutcome(DeliveryResult Result, string? Why = null)
{
    public static readonly DeliveryOutcome Delivered = new(DeliveryResult.Delivered);

    /// <summary>Of a refusal, which were not taken, by their place; null where none was.</summary>
    public IReadOnlyList<int>? Failed { get; init; }

    /// <summary>When the receiver wants to be asked again at the earliest.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Where it was not asked, as it is known to be away: when it may be.</summary>
    public TimeSpan? NotAskedFor { get; init; }
}

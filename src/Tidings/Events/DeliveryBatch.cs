namespace Tidings.Events;

/// <summary>Events that are told together: under way, or waiting to be told again.</summary>
/// <param name="origin">The number of the batch that it was a part of at first: parts of one may share channels and users.</param>
/// <param name="events">The events, in order.</param>
/// <param name="trimmed">How many dropped events its first one tells of; 0 where none does.</param>
internal sealed class DeliveryBatch(long origin, IReadOnlyList<QueuedEvent> events, long trimmed = 0)
{
    public long Origin => origin;

    public IReadOnlyList<QueuedEvent> Events { get; private set; } = events;

    public long Trimmed => trimmed;

    public int Bytes => Events.Sum(static one => one.Json.Length);

    public bool IsUnderWay { get; set; }

    /// <summary>Whether it, or what it was a part of, was refused before.</summary>
    public bool IsRefused => Failures > 0;

    /// <summary>Whether it is told beside the rest: it was refused before, or comes from those whose events were.</summary>
    public bool IsApart { get => field || IsRefused; init; }

    /// <summary>How often it has failed.</summary>
    public int Failures { get; set; }

    /// <summary>When it is told again, by the clock's timestamps.</summary>
    public long Due { get; set; }

    /// <summary>Why it has failed, or null.</summary>
    public string? Why { get; set; }

    public bool SharesKeysWith(DeliveryBatch other) => Events.Any(one => one.Keys.Any(key => other.Events.Any(another => another.Keys.Contains(key))));

    /// <summary>Leaves out those that are not in the queue any more.</summary>
    public void Keep(IReadOnlyList<QueuedEvent> left) => Events = left;
}

namespace Tidings.Events;

/// <summary>What a node knows of a delivery.</summary>
/// <param name="IsHere">Whether this node delivers.</param>
/// <param name="IsEnded">Whether the receiver has unsubscribed.</param>
/// <param name="UnderWay">How many batches are under way.</param>
/// <param name="Away">Why the receiver cannot be reached; null where it can.</param>
/// <param name="Refused">What it did not take.</param>
internal sealed record DeliveryState(bool IsHere, bool IsEnded, int UnderWay, string? Away, IReadOnlyList<RefusedBatch> Refused)
{
    /// <summary>Whether what waits is not told now.</summary>
    public bool IsStuck => IsEnded || Away is not null || Refused.Count > 0;
}

/// <summary>Events that a receiver did not take.</summary>
/// <param name="Id">The first one's id.</param>
/// <param name="Events">How many they are.</param>
/// <param name="Failures">How often they were told.</param>
/// <param name="Why">What was wrong.</param>
/// <param name="Again">When they are told again.</param>
internal sealed record RefusedBatch(string Id, int Events, int Failures, string Why, TimeSpan Again);

namespace Tidings.Events;

/// <summary>What is asked of the node that delivers to a receiver.</summary>
public enum EventAsk : byte
{
    /// <summary>Tell at once what waits to be told again.</summary>
    Retry,

    /// <summary>Report for a while what is told (<see cref="IEventStore.FollowLife"/>).</summary>
    Follow,
}

/// <summary>Whether a node may deliver, and what it is asked for.</summary>
/// <param name="Holds">Whether it is the one that delivers.</param>
/// <param name="Retries">Whether somebody wants everything told at once.</param>
/// <param name="IsFollowed">Whether somebody follows what is told.</param>
public readonly record struct HoldAnswer(bool Holds, bool Retries, bool IsFollowed);

/// <summary>What is asked of a node that always delivers by itself, and what it last said of a delivery. Safe from any thread.</summary>
internal sealed class EventAsks(TimeProvider time)
{
    /// <summary>How long a follower counts that does not ask again.</summary>
    public static readonly TimeSpan FollowLife = IEventStore.FollowLife;

    private readonly Lock _gate = new();
    private long _followedUntil = long.MinValue;
    private bool _retries;

    /// <summary>What the delivery is like, as JSON; null while it has not begun.</summary>
    public string? State { get; private set; }

    public HoldAnswer Hold(string state)
    {
        lock (_gate)
        {
            State = state;
            (var retries, _retries) = (_retries, false);
            return new HoldAnswer(Holds: true, retries, time.GetTimestamp() < _followedUntil);
        }
    }

    public void Ask(EventAsk ask)
    {
        lock (_gate)
        {
            _retries |= ask == EventAsk.Retry;
            _followedUntil = ask == EventAsk.Follow ? time.GetTimestamp() + (long)(FollowLife.TotalSeconds * time.TimestampFrequency) : _followedUntil;
        }
    }
}

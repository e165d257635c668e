using Tidings.Protocol;

namespace Tidings.Messages;

/// <summary>Why a subscription was told of a gap, on the wire and in metrics.</summary>
public static class GapReason
{
    /// <summary>The log no longer has it.</summary>
    public const string Trimmed = "trimmed";

    /// <summary>The connection lagged, and had asked not to be closed for it.</summary>
    public const string Slow = "slow";

    /// <summary>The log has begun anew.</summary>
    public const string Epoch = "epoch";

    /// <summary>The log was erased, and begins anew.</summary>
    public const string Cleared = "cleared";
}

/// <summary>Messages of a channel that a subscriber does not get any more.</summary>
/// <param name="Position">Where the subscriber stands after the gap.</param>
/// <param name="From">The first offset that is missing.</param>
/// <param name="To">The last one; less than <paramref name="From"/> where nothing is known to be missing, as in a new epoch.</param>
/// <param name="Reason">One of <see cref="GapReason"/>.</param>
internal readonly record struct ChannelGap(StreamPosition Position, long From, long To, string Reason);

namespace Tidings.Messages;

/// <summary>Why a subscription was told of a gap, on the wire and in metrics.</summary>
internal static class GapReason
{
    /// <summary>The log no longer has it.</summary>
    public const string Trimmed = "trimmed";

    /// <summary>The connection lagged, and had asked not to be closed for it.</summary>
    public const string Slow = "slow";

    /// <summary>The log has begun anew.</summary>
    public const string Epoch = "epoch";
}

using Tidings.Security.Identities;

namespace Tidings.Dialects;

/// <summary>What a subscription proves by itself.</summary>
/// <param name="Granted">The user, with what is granted in this channel; null where the proof does not hold.</param>
/// <param name="Member">In whose name the subscriber is present there, and what is shown of the member; null where the connection's user is.</param>
internal sealed record SubscriptionProof(Identity? Granted, ProvenMember? Member = null)
{
    /// <summary>Whether the proof held once, and has expired.</summary>
    public bool HasExpired { get; init; }
}

/// <summary>What the opening of a session proves by itself.</summary>
/// <param name="Judged">Who it is, or why the proof does not hold; neither for somebody anonymous.</param>
/// <param name="Channels">The channels that the server is to subscribe.</param>
internal sealed record SessionProof(TokenJudgement Judged, IReadOnlyList<string> Channels)
{
    /// <summary>When what lets somebody anonymous in ends, in Unix milliseconds; <see cref="long.MaxValue"/> for never.</summary>
    public long EndsAt { get; init; } = long.MaxValue;
}

/// <summary>A member of one channel, whichever user the connection belongs to.</summary>
/// <param name="User">The member's id.</param>
/// <param name="Info">JSON about the member, or empty.</param>
internal sealed record ProvenMember(string User, ReadOnlyMemory<byte> Info);

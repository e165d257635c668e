using Tidings.Security.Identities;

namespace Tidings.Dialects;

/// <summary>What a subscription proves by itself.</summary>
/// <param name="Granted">The user, with what is granted in this channel; null where the proof does not hold.</param>
/// <param name="Member">In whose name the subscriber is present there, and what is shown of the member; null where the connection's user is.</param>
internal sealed record SubscriptionProof(Identity? Granted, ProvenMember? Member = null);

/// <summary>A member of one channel, whoever the connection belongs to.</summary>
/// <param name="User">The member's id.</param>
/// <param name="Info">JSON about the member, or empty.</param>
internal sealed record ProvenMember(string User, ReadOnlyMemory<byte> Info);

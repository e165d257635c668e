using Tidings.Protocol;

namespace Tidings.Clients;

/// <summary>Where nodes share out clients' names. Safe from any thread.</summary>
internal interface IClientNames
{
    /// <summary>Takes a name for this node, in the place of others that have it, or beside them.</summary>
    /// <param name="client">The name.</param>
    /// <param name="right">What right the newcomer has to it (<see cref="ClientRight"/>).</param>
    /// <param name="duplicates">What becomes of others with the same right.</param>
    Task<NameClaim> ClaimAsync(string client, int right, DuplicateClients duplicates);

    /// <summary>The last connection of that name on this node has gone. Where it was the last one of all, every node hears of it.</summary>
    /// <returns>False where the others cannot be told now.</returns>
    bool TryRelease(string client, long claim);
}

/// <summary>What came of taking a name.</summary>
/// <param name="Claim">What the name is had by: more than any claim before; 0 where the others cannot be asked.</param>
/// <param name="Refusal">Why another node's client keeps the name; null where it was taken.</param>
internal readonly record struct NameClaim(long Claim, DisconnectCode? Refusal = null);

using Tidings.Protocol;

namespace Tidings.Clients;

/// <summary>Where nodes share out clients' names. Safe from any thread.</summary>
/// <remarks>A node that ends without a word gives its names back within 15 s. While what the nodes share is away, a node has the names that its own clients take (a claim of 0); when it is back, an
/// engine claims what <see cref="IHeldNames.All"/> says, and gives up by <see cref="IHeldNames.GiveUp"/> what others have by the better right.</remarks>
public interface IClientNames
{
    /// <summary>Takes a name for this node, in the place of others that have it, or beside them. It is one step: of several nodes that try, each knows who has the name after it.</summary>
    /// <remarks>A name stays with those who have it where their right is better; with the same right <paramref name="duplicates"/> decides. Nodes whose clients lose it hear of it
    /// (<see cref="IHeldNames.GiveUp"/>) before a later claim of it.</remarks>
    /// <param name="client">The name.</param>
    /// <param name="right">What right the newcomer has to it: the length of the user's id, 0 for somebody anonymous. The longer one is the better right.</param>
    /// <param name="duplicates">What becomes of others with the same right.</param>
    Task<NameClaim> ClaimAsync(string client, int right, DuplicateClients duplicates);

    /// <summary>The last connection of that name on this node has gone. Where it was the last one of all, every node hears of it (<see cref="IHeldNames.TellLeft"/>). It only sends.</summary>
    /// <param name="client">The name.</param>
    /// <param name="claim">The newest claim of this node: a later one keeps the name.</param>
    /// <returns>False where the others cannot be told now.</returns>
    bool TryRelease(string client, long claim);
}

/// <summary>What came of taking a name.</summary>
/// <param name="Claim">What the name is had by: more than any claim before; 0 where the others cannot be asked.</param>
/// <param name="Refusal">Why another node's client keeps the name; null where it was taken.</param>
public readonly record struct NameClaim(long Claim, DisconnectCode? Refusal = null);

/// <summary>The names that clients of this node have. Safe from any thread; nothing of it waits.</summary>
public interface IHeldNames
{
    /// <summary>What becomes of clients with one name and the same right.</summary>
    DuplicateClients Duplicates { get; }

    /// <summary>Names of clients of this node, each with the right to it, in no order.</summary>
    IReadOnlyList<(string Client, int Right)> All { get; }

    /// <summary>Notes by which claim this node has a name that was claimed again.</summary>
    /// <param name="client">The name.</param>
    /// <param name="claim">The claim.</param>
    void Renew(string client, long claim);

    /// <summary>Ends the connections of this node that have a name by a claim up to this one.</summary>
    /// <param name="client">The name.</param>
    /// <param name="claim">The newest claim that ends; <see cref="long.MaxValue"/> for all.</param>
    /// <param name="code">Why.</param>
    void GiveUp(string client, long claim, DisconnectCode code);

    /// <summary>Tells the clients of this node that one has left whom no node has any more.</summary>
    /// <param name="client">The name.</param>
    void TellLeft(string client);
}

namespace Tidings.Clients;

/// <summary>Where nodes share out clients' names. Safe from any thread.</summary>
internal interface IClientNames
{
    /// <summary>Takes a name for this node, in the place of others that have it, or beside them.</summary>
    /// <returns>What the name is had by: more than any claim before; 0 where the others cannot be asked; null where another node has it, and keeps it.</returns>
    Task<long?> ClaimAsync(string client, DuplicateClients duplicates);

    /// <summary>The last connection of that name on this node has gone. Where it was the last one of all, every node hears of it.</summary>
    /// <returns>False where the others cannot be told now.</returns>
    bool TryRelease(string client, long claim);
}

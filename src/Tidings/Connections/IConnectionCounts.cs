namespace Tidings.Connections;

/// <summary>Where nodes count the connections of users together. Calls are made one after the other, under a lock: they only send.</summary>
internal interface IConnectionCounts
{
    /// <param name="user">The user.</param>
    /// <param name="here">How many he has on this node, with this one.</param>
    /// <param name="limit">How many he may have on all of them.</param>
    /// <returns>Whether he may have this one. Where the others cannot be asked, he may.</returns>
    Task<bool> EnterAsync(string user, int here, int limit);

    /// <summary>One has gone, or was not to be.</summary>
    /// <param name="user">The user.</param>
    /// <param name="here">How many he has on this node without it.</param>
    void Leave(string user, int here);
}

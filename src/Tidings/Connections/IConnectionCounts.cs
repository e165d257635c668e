namespace Tidings.Connections;

/// <summary>Where nodes count the connections of users together. Calls are made one after the other, under a lock: they only send.</summary>
internal interface IConnectionCounts
{
    /// <param name="user">The user.</param>
    /// <param name="here">How many the user has on this node, this one included.</param>
    /// <param name="limit">How many the user may have on all nodes.</param>
    /// <returns>Whether the user may have this one; true where the other nodes cannot be asked.</returns>
    Task<bool> EnterAsync(string user, int here, int limit);

    /// <summary>One has gone, or was not to be.</summary>
    /// <param name="user">The user.</param>
    /// <param name="here">How many the user has on this node without it.</param>
    void Leave(string user, int here);
}

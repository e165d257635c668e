namespace Tidings.Connections;

/// <summary>Where nodes count the connections of users together. Used only where these are limited.</summary>
/// <remarks>
/// Calls for all users are made one after the other, under a lock: a call only sends, and returns. What it sends must take effect in the order of the calls. What a node said ends with the node, within 15 s. While
/// what the nodes share is away, each node's own count holds; when it is back, an engine puts in what <see cref="IHeldConnections"/> says.
/// </remarks>
public interface IConnectionCounts
{
    /// <summary>A connection has come. Looking and counting are one step.</summary>
    /// <param name="user">The user.</param>
    /// <param name="here">How many the user has on this node, this one included.</param>
    /// <param name="limit">How many the user may have on all nodes.</param>
    /// <returns>Whether the user may have this one; true where the other nodes cannot be asked. Where it may not, it was not counted.</returns>
    Task<bool> EnterAsync(string user, int here, int limit);

    /// <summary>One has gone, or was not to be.</summary>
    /// <param name="user">The user.</param>
    /// <param name="here">How many the user has on this node without it.</param>
    void Leave(string user, int here);
}

/// <summary>The connections of users that this node counts. Safe from any thread.</summary>
public interface IHeldConnections
{
    /// <summary>Whether connections of users are limited; otherwise none are counted.</summary>
    bool AreLimited { get; }

    /// <summary>Users who have connections here, in no order.</summary>
    IReadOnlyList<string> Users { get; }

    /// <summary>Says how many connections each user has here: in one step with all calls of <see cref="IConnectionCounts"/>, under their lock.</summary>
    /// <param name="users">The users.</param>
    /// <param name="say">Takes a user and the number, 0 where none is left. It only sends.</param>
    void Tell(IEnumerable<string> users, Action<string, int> say);
}

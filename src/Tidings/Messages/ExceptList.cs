using System.Collections.Frozen;

namespace Tidings.Messages;

/// <summary>Who does not get a message live. Immutable.</summary>
/// <param name="names">Ids of connections, or of connections and users.</param>
/// <param name="hasUsers">Whether users' ids are among them.</param>
public sealed class ExceptList(IReadOnlySet<string> names, bool hasUsers)
{
    // What an id takes in the set, beside its characters.
    private const int NameOverhead = 64;

    /// <summary>The ids.</summary>
    public IReadOnlySet<string> Names => names;

    /// <summary>Whether users' ids are among the names. A message that is kept has none: a user's later connections recover it.</summary>
    public bool HasUsers => hasUsers;

    /// <summary>Bytes that it takes in memory, about.</summary>
    internal int Bytes { get; } = names.Sum(static name => (2 * name.Length) + NameOverhead);

    /// <summary>Those of connections; null where there are none.</summary>
    /// <param name="ids">Public ids of connections.</param>
    public static ExceptList? OfConnections(IReadOnlyCollection<string>? ids) => ids is { Count: > 0 } ? new(ids.ToFrozenSet(StringComparer.Ordinal), hasUsers: false) : null;

    /// <summary>Whether a connection does not get the message live.</summary>
    /// <param name="connection">The connection's public id.</param>
    /// <param name="user">The user's id, or null.</param>
    public bool Has(string connection, string? user) => names.Contains(connection) || (hasUsers && user is not null && names.Contains(user));
}

using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Tidings.Connections;

/// <summary>Connections of the channel protocol, by their public id and by their user. Safe from any thread.</summary>
internal sealed class ConnectionDirectory
{
    private readonly ConcurrentDictionary<string, Connection> _byId = new(StringComparer.Ordinal);
    // Most users have one connection: that itself, and a set where there are more.
    private readonly Dictionary<string, object> _byUser = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    public int Count => _byId.Count;

    public int UserCount
    {
        get
        {
            lock (_gate)
            {
                return _byUser.Count;
            }
        }
    }

    public IEnumerable<string> Users
    {
        get
        {
            lock (_gate)
            {
                return [.. _byUser.Keys];
            }
        }
    }

    public void Add(string id, Connection connection) => _byId[id] = connection;

    /// <summary>Told when a user's connection comes or goes; without a lock. Set before there is any.</summary>
    public Action<string>? OnUser { get; set; }

    public void SetUser(string user, Connection connection)
    {
        OnUser?.Invoke(user);
        lock (_gate)
        {
            ref var connections = ref CollectionsMarshal.GetValueRefOrAddDefault(_byUser, user, out _);
            if (connections is HashSet<Connection> set)
            {
                set.Add(connection);
            }
            else
            {
                connections = connections is Connection other && other != connection ? new HashSet<Connection> { other, connection } : connection;
            }
        }
    }

    public void Remove(string id, string? user, Connection connection)
    {
        _byId.TryRemove(id, out _);
        if (user is null)
        {
            return;
        }

        OnUser?.Invoke(user);
        lock (_gate)
        {
            if (!_byUser.TryGetValue(user, out var connections))
            {
                return;
            }

            if (connections == connection || (connections is HashSet<Connection> set && set.Remove(connection) && set.Count == 0))
            {
                _byUser.Remove(user);
            }
        }
    }

    public Connection? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>All connections of a user; empty where there is none.</summary>
    public IReadOnlyList<Connection> FindUser(string user)
    {
        lock (_gate)
        {
            return Find_NeedsLock(user);
        }
    }

    /// <summary>How many connections a user has.</summary>
    public int CountUser(string user)
    {
        lock (_gate)
        {
            return _byUser.GetValueOrDefault(user) switch { Connection => 1, HashSet<Connection> some => some.Count, _ => 0 };
        }
    }

    /// <summary>All connections, in no order.</summary>
    public IEnumerable<KeyValuePair<string, Connection>> All => _byId;

    /// <summary>All connections of a user, or the one of that id; empty where there is none.</summary>
    public IReadOnlyList<Connection> FindAll(string userOrConnection)
    {
        lock (_gate)
        {
            if (_byUser.ContainsKey(userOrConnection))
            {
                return Find_NeedsLock(userOrConnection);
            }
        }

        return Find(userOrConnection) is { } connection ? [connection] : [];
    }

    private IReadOnlyList<Connection> Find_NeedsLock(string user) => _byUser.GetValueOrDefault(user) switch
    {
        Connection connection => [connection],
        HashSet<Connection> connections => [.. connections],
        _ => [],
    };
}

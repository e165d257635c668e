using System.Collections.Concurrent;

namespace Tidings.Connections;

/// <summary>Connections of the channel protocol, by their public id and by their user. Safe from any thread.</summary>
internal sealed class ConnectionDirectory
{
    private readonly ConcurrentDictionary<string, Connection> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<Connection>> _byUser = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    public int Count => _byId.Count;

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

    public void SetUser(string user, Connection connection)
    {
        lock (_gate)
        {
            if (!_byUser.TryGetValue(user, out var connections))
            {
                _byUser[user] = connections = [];
            }

            connections.Add(connection);
        }
    }

    public void Remove(string id, string? user, Connection connection)
    {
        _byId.TryRemove(id, out _);
        if (user is null)
        {
            return;
        }

        lock (_gate)
        {
            if (_byUser.TryGetValue(user, out var connections) && connections.Remove(connection) && connections.Count == 0)
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
            return _byUser.TryGetValue(user, out var connections) ? [.. connections] : [];
        }
    }

    /// <summary>All connections, in no order.</summary>
    public IEnumerable<KeyValuePair<string, Connection>> All => _byId;

    /// <summary>All connections of a user, or the one of that id; empty where there is none.</summary>
    public IReadOnlyList<Connection> FindAll(string userOrConnection)
    {
        lock (_gate)
        {
            if (_byUser.TryGetValue(userOrConnection, out var connections))
            {
                return [.. connections];
            }
        }

        return Find(userOrConnection) is { } connection ? [connection] : [];
    }
}

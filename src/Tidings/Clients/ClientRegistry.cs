using Tidings.Connections;
using Tidings.Protocol;

namespace Tidings.Clients;

/// <summary>Who is connected under which name on this node. Safe from any thread.</summary>
/// <remarks>One lock orders joins, leaves and messages; under it frames are only handed to lanes, so that everybody gets them in one order.</remarks>
internal sealed class ClientRegistry : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Holders> _clients = new(StringComparer.Ordinal);
    private readonly DuplicateClients _duplicates;
    private readonly LeaveNotices _notices;

    // Names that are being taken: another node may take them anew before they are had here.
    private readonly Dictionary<string, Joining> _joining = new(StringComparer.Ordinal);

    public ClientRegistry(DuplicateClients duplicates, TidingsLanguage language, TimeProvider time)
    {
        _duplicates = duplicates;
        _notices = new LeaveNotices(language, time, frame => Broadcast(frame));
    }

    /// <summary>Where nodes share out names; null where this one is alone. Set before anybody joins.</summary>
    public IClientNames? Names { get; set; }

    public DuplicateClients Duplicates => _duplicates;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _clients.Count;
            }
        }
    }

    /// <summary>All names.</summary>
    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _clients.Keys];
            }
        }
    }

    public bool Contains(string client)
    {
        lock (_gate)
        {
            return _clients.ContainsKey(client);
        }
    }

    /// <summary>What right to the name those have who have it here; null where nobody has.</summary>
    public int? RightOf(string client)
    {
        lock (_gate)
        {
            return _clients.GetValueOrDefault(client)?.Right;
        }
    }

    /// <summary>Gives the connection the name. Completes at once where the node is alone.</summary>
    /// <param name="client">The name.</param>
    /// <param name="connection">Who gets it.</param>
    /// <param name="right">What right its user has to the name (<see cref="ClientRight"/>): those with a lesser one lose it, those with a better one keep it.</param>
    /// <returns>Why it may not have it, or null.</returns>
    public ValueTask<DisconnectCode?> JoinAsync(string client, Connection connection, int right) => TakeAsync(client, connection, right, hasIt: false);

    /// <summary>The connection, which has the name, is a user's from now on, who has a better right to it.</summary>
    /// <returns>Why it may not keep it, or null.</returns>
    public ValueTask<DisconnectCode?> RaiseAsync(string client, Connection connection, int right) => TakeAsync(client, connection, right, hasIt: true);

    private async ValueTask<DisconnectCode?> TakeAsync(string client, Connection connection, int right, bool hasIt)
    {
        if (Names is null)
        {
            return Take(client, connection, right, claim: 0, hasIt);
        }

        lock (_gate)
        {
            if (Refusal_NeedsLock(client, right) is { } refusal)
            {
                return refusal;
            }
        }

        var joining = BeginJoining(client);
        try
        {
            var (claim, refusal) = await Names.ClaimAsync(client, right, _duplicates).ConfigureAwait(false);
            return refusal ?? Take(client, connection, right, claim, hasIt, joining);
        }
        finally
        {
            EndJoining(client, joining);
        }
    }

    /// <summary>The connection has gone. With the last one of a name, the others are told.</summary>
    public void Leave(string client, Connection connection)
    {
        lock (_gate)
        {
            if (!_clients.TryGetValue(client, out var holders) || !holders.Connections.Contains(connection))
            {
                return;
            }

            if (holders.Connections.Length > 1)
            {
                _clients[client] = holders with { Connections = Array.FindAll(holders.Connections, other => other != connection) };
                return;
            }

            _clients.Remove(client);
            if (Names?.TryRelease(client, holders.Claim) == true)
            {
                return;
            }
        }

        TellLeft(client);
    }

    /// <summary>Tells all clients of this node that one has left whom no node has any more.</summary>
    public void TellLeft(string client) => _notices.Add(client);

    public void Dispose() => _notices.Dispose();

    /// <summary>Another node has taken the name: this one's connections that had it before are closed.</summary>
    /// <param name="client">The name.</param>
    /// <param name="claim">Who had it by an earlier claim has it no more.</param>
    /// <param name="code">What they are told.</param>
    public void GiveUp(string client, long claim, DisconnectCode code)
    {
        lock (_gate)
        {
            if (_joining.TryGetValue(client, out var joining))
            {
                joining.GivenUp = Math.Max(joining.GivenUp, claim);
            }

            if (_clients.TryGetValue(client, out var holders) && holders.Claim < claim)
            {
                _clients.Remove(client);
                CloseAll(holders.Connections, code);
            }
        }
    }

    /// <summary>The name is had by another claim from here on.</summary>
    public void Renew(string client, long claim)
    {
        lock (_gate)
        {
            if (_clients.TryGetValue(client, out var holders))
            {
                _clients[client] = holders with { Claim = Math.Max(holders.Claim, claim) };
            }
        }
    }

    /// <returns>To how many connections the frame was handed.</returns>
    public int Send(string client, byte[] frame)
    {
        lock (_gate)
        {
            return SendAll(_clients.TryGetValue(client, out var holders) ? holders.Connections : [], frame);
        }
    }

    /// <returns>To how many connections the frame was handed.</returns>
    public int Broadcast(byte[] frame, string? except = null)
    {
        var count = 0;
        lock (_gate)
        {
            foreach (var (client, holders) in _clients)
            {
                count += client == except ? 0 : SendAll(holders.Connections, frame);
            }
        }

        return count;
    }

    /// <returns>How many connections are being closed.</returns>
    public int Disconnect(string client, DisconnectCode code)
    {
        lock (_gate)
        {
            var connections = _clients.TryGetValue(client, out var holders) ? holders.Connections : [];
            CloseAll(connections, code);
            return connections.Length;
        }
    }

    private Joining BeginJoining(string client)
    {
        lock (_gate)
        {
            var joining = _joining.GetValueOrDefault(client) ?? (_joining[client] = new Joining());
            joining.Count++;
            return joining;
        }
    }

    private void EndJoining(string client, Joining joining)
    {
        lock (_gate)
        {
            if (--joining.Count == 0)
            {
                _joining.Remove(client);
            }
        }
    }

    private DisconnectCode? Take(string client, Connection connection, int right, long claim, bool hasIt, Joining? joining = null)
    {
        lock (_gate)
        {
            if (joining is not null && claim > 0 && joining.GivenUp > claim)
            {
                return DisconnectCode.Replaced;
            }

            var holders = _clients.GetValueOrDefault(client);
            if (hasIt && holders?.Connections.Contains(connection) != true)
            {
                // It has lost the name, or has gone, since it became a user's.
                if (holders is null)
                {
                    Names?.TryRelease(client, claim);
                }

                return DisconnectCode.Replaced;
            }

            if (Refusal_NeedsLock(client, right) is { } refusal)
            {
                // The local holders now have the name by this node's latest claim, whichever of them made it.
                _clients[client] = holders! with { Claim = Math.Max(claim, holders.Claim) };
                return refusal;
            }

            var others = Array.FindAll(holders?.Connections ?? [], other => other != connection);
            var stay = _duplicates == DuplicateClients.Join && holders?.Right == right;
            _clients[client] = new Holders(stay ? [.. others, connection] : [connection], right, Math.Max(claim, holders?.Claim ?? 0));
            if (!stay)
            {
                CloseAll(others, DisconnectCode.Replaced);
            }

            return null;
        }
    }

    // Why somebody of that right does not get a name that others have here.
    private DisconnectCode? Refusal_NeedsLock(string client, int right) => _clients.GetValueOrDefault(client)?.Right switch
    {
        { } had when had > right => DisconnectCode.NameTaken,
        { } had when had == right && _duplicates == DuplicateClients.Refuse => DisconnectCode.TooManyConnections,
        _ => null,
    };

    private static int SendAll(Connection[] connections, byte[] frame)
    {
        foreach (var connection in connections)
        {
            connection.SendLater(frame);
        }

        return connections.Length;
    }

    private static void CloseAll(Connection[] connections, DisconnectCode code)
    {
        foreach (var connection in connections)
        {
            connection.Close(code);
        }
    }

    /// <param name="Connections">Who has the name here.</param>
    /// <param name="Right">What right they have to it, all of them the same.</param>
    /// <param name="Claim">By which claim, where nodes share out names.</param>
    private sealed record Holders(Connection[] Connections, int Right, long Claim);

    private sealed class Joining
    {
        /// <summary>How many connections are at it.</summary>
        public int Count { get; set; }

        /// <summary>The latest claim by which another node has taken the name meanwhile.</summary>
        public long GivenUp { get; set; }
    }
}

using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.Clients;

/// <summary>Who is connected under which name on this node. Safe from any thread.</summary>
/// <remarks>One lock orders joins, leaves and messages; under it frames are only handed to lanes, so that everybody gets them in one order.</remarks>
internal sealed class ClientRegistry(DuplicateClients duplicates, TidingsLanguage language)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Holders> _clients = new(StringComparer.Ordinal);

    // Names that are being taken: another node may take them anew before they are had here.
    private readonly Dictionary<string, Joining> _joining = new(StringComparer.Ordinal);

    /// <summary>Where nodes share out names; null where this one is alone. Set before anybody joins.</summary>
    public IClientNames? Names { get; set; }

    public DuplicateClients Duplicates => duplicates;

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

    /// <summary>Gives the connection the name. Completes at once where the node is alone.</summary>
    /// <returns>Why it may not have it, or null.</returns>
    public async ValueTask<DisconnectCode?> JoinAsync(string client, Connection connection)
    {
        if (Names is null)
        {
            return Join(client, connection, claim: 0);
        }

        if (duplicates == DuplicateClients.Refuse && Contains(client))
        {
            return DisconnectCode.TooManyConnections;
        }

        var joining = BeginJoining(client);
        try
        {
            return await Names.ClaimAsync(client, duplicates).ConfigureAwait(false) is { } claim ? Join(client, connection, claim, joining) : DisconnectCode.TooManyConnections;
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
            if (Names?.TryRelease(client, holders.Claim) != true)
            {
                Broadcast_NeedsLock(LeftFrame(client), except: null);
            }
        }
    }

    /// <summary>Tells all clients of this node that one has left whom no node has any more.</summary>
    public void TellLeft(string client) => Broadcast(LeftFrame(client));

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
        lock (_gate)
        {
            return Broadcast_NeedsLock(frame, except);
        }
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

    private DisconnectCode? Join(string client, Connection connection, long claim, Joining? joining = null)
    {
        lock (_gate)
        {
            if (joining is not null && claim > 0 && joining.GivenUp > claim)
            {
                return DisconnectCode.Replaced;
            }

            var others = _clients.TryGetValue(client, out var holders) ? holders.Connections : [];
            if (others.Length > 0 && duplicates == DuplicateClients.Refuse)
            {
                // Who has it here has it by this node's last claim, whoever made that.
                _clients[client] = holders! with { Claim = Math.Max(claim, holders.Claim) };
                return DisconnectCode.TooManyConnections;
            }

            _clients[client] = new Holders(duplicates == DuplicateClients.Join ? [.. others, connection] : [connection], Math.Max(claim, holders?.Claim ?? 0));
            if (duplicates == DuplicateClients.Replace)
            {
                CloseAll(others, DisconnectCode.Replaced);
            }

            return null;
        }
    }

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

    private int Broadcast_NeedsLock(byte[] frame, string? except)
    {
        var count = 0;
        foreach (var (client, holders) in _clients)
        {
            if (client != except)
            {
                count += SendAll(holders.Connections, frame);
            }
        }

        return count;
    }

    private byte[] LeftFrame(string client)
    {
        var text = language == TidingsLanguage.Zh ? $"{client} 离开了" : $"{client} left";
        return Frame.Text([.. """{"type":"system","message":"""u8, .. ClientMessages.Quote(text), .. "}"u8]);
    }

    /// <param name="Connections">Who has the name here.</param>
    /// <param name="Claim">By which claim, where nodes share out names.</param>
    private sealed record Holders(Connection[] Connections, long Claim);

    private sealed class Joining
    {
        /// <summary>How many connections are at it.</summary>
        public int Count { get; set; }

        /// <summary>The latest claim by which another node has taken the name meanwhile.</summary>
        public long GivenUp { get; set; }
    }
}

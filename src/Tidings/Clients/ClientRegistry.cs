using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.Clients;

/// <summary>Who is connected under which name on this node. Safe from any thread.</summary>
/// <remarks>One lock orders joins, leaves and messages; under it frames are only handed to lanes, so that everybody gets them in one order.</remarks>
internal sealed class ClientRegistry(DuplicateClients duplicates, TidingsLanguage language)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Connection[]> _clients = new(StringComparer.Ordinal);

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

    public bool Contains(string client)
    {
        lock (_gate)
        {
            return _clients.ContainsKey(client);
        }
    }

    /// <summary>Gives the connection the name.</summary>
    /// <returns>False where another has it, and keeps it.</returns>
    public bool TryJoin(string client, Connection connection)
    {
        lock (_gate)
        {
            var others = _clients.GetValueOrDefault(client, []);
            if (others.Length > 0 && duplicates == DuplicateClients.Refuse)
            {
                return false;
            }

            _clients[client] = duplicates == DuplicateClients.Join ? [.. others, connection] : [connection];
            if (duplicates == DuplicateClients.Replace)
            {
                CloseAll(others, DisconnectCode.Replaced);
            }

            return true;
        }
    }

    /// <summary>The connection has gone. With the last one of a name, the others are told.</summary>
    public void Leave(string client, Connection connection)
    {
        lock (_gate)
        {
            if (!_clients.TryGetValue(client, out var connections) || !connections.Contains(connection))
            {
                return;
            }

            if (connections.Length > 1)
            {
                _clients[client] = Array.FindAll(connections, other => other != connection);
                return;
            }

            _clients.Remove(client);
            Broadcast_NeedsLock(LeftFrame(client), except: null);
        }
    }

    /// <returns>To how many connections the frame was handed.</returns>
    public int Send(string client, byte[] frame)
    {
        lock (_gate)
        {
            return SendAll(_clients.GetValueOrDefault(client, []), frame);
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
            var connections = _clients.GetValueOrDefault(client, []);
            CloseAll(connections, code);
            return connections.Length;
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
        foreach (var (client, connections) in _clients)
        {
            if (client != except)
            {
                count += SendAll(connections, frame);
            }
        }

        return count;
    }

    private byte[] LeftFrame(string client)
    {
        var text = language == TidingsLanguage.Zh ? $"{client} 离开了" : $"{client} left";
        return Frame.Text([.. """{"type":"system","message":"""u8, .. ClientMessages.Quote(text), .. "}"u8]);
    }
}

using Tidings.Connections;
using Tidings.Protocol;

namespace Tidings.Clients;

/// <summary>The route of clients by name: one speaks to one other, or to all.</summary>
internal sealed class ClientHandler(ClientRegistry clients) : TextRouteHandler
{
    /// <summary>Gives the connection its name before its handshake is answered. Any thread, once.</summary>
    /// <returns>False where another has the name, and keeps it.</returns>
    public bool TryJoin(Connection connection, string client)
    {
        // Before it joins: from then on the lane may close the connection, and must find what it has to leave.
        connection.Tag = new Client(client, ClientMessages.Quote(client));
        if (clients.TryJoin(client, connection))
        {
            return true;
        }

        connection.Tag = null;
        return false;
    }

    public override void OnClosed(Connection connection, DisconnectCode code)
    {
        if (connection.Tag is Client client)
        {
            connection.Tag = null;
            clients.Leave(client.Name, connection);
        }
    }

    protected override void OnContent(Connection connection, ReadOnlySpan<byte> text)
    {
        var from = ((Client)connection.Tag!).Quoted;
        var command = ClientMessages.Read(text);
        switch (command.Kind)
        {
            case ClientCommandKind.Broadcast:
                connection.ForgetInvalid();
                clients.Broadcast(ClientMessages.From(from, command.Message));
                break;
            case ClientCommandKind.Personal:
                connection.ForgetInvalid();
                if (clients.Send(command.To!, ClientMessages.From(from, command.Message)) == 0)
                {
                    connection.Send(ClientMessages.NotFound);
                }

                break;
            default:
                connection.Send(ClientMessages.Answer(command));
                connection.CountInvalid();
                break;
        }
    }

    private sealed record Client(string Name, byte[] Quoted);
}

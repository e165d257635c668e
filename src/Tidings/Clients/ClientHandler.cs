using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Events;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.Clients;

/// <summary>The route of clients by name: one speaks to one other, or to all.</summary>
internal sealed class ClientHandler(ClientActions clients, FirstMessage? firstMessage) : TextRouteHandler(firstMessage)
{
    public override string ProtocolName => "client";

    /// <summary>Gives the connection its name before its handshake is answered. Any thread, once.</summary>
    /// <returns>Why it may not have the name, or null.</returns>
    public async ValueTask<DisconnectCode?> JoinAsync(Connection connection, string client)
    {
        if (!ClientRight.Allows(client, connection.Identity))
        {
            connection.Tag = new FieldFault("client", "the name in the path is another user's");
            return DisconnectCode.Forbidden;
        }

        // Before it joins: from then on the lane may close the connection, and must find what it has to leave.
        var tag = new Client(client, ClientMessages.Quote(client), ClientRight.Of(connection.Identity));
        connection.Tag = tag;
        if (await clients.Here.JoinAsync(client, connection, tag.Right).ConfigureAwait(false) is { } refusal)
        {
            connection.Tag = null;
            return refusal;
        }

        if (!ReferenceEquals(connection.Tag, tag))
        {
            // It was closed before it had the name, and had nothing to leave then.
            clients.Here.Leave(client, connection);
        }

        return null;
    }

    public override EventSubject? Describe(Connection connection) => connection.Tag is Client client
        ? new EventSubject { User = connection.Identity?.User, Connection = connection.SharedId, Transport = "websocket", Client = client.Name }
        : null;

    public override void OnClosed(Connection connection, DisconnectCode code)
    {
        if (connection.Tag is Client client)
        {
            connection.Tag = null;
            clients.Here.Leave(client.Name, connection);
        }
    }

    // Somebody anonymous has become a user, whose right to the name is better than that of others who are nobody.
    protected override async ValueTask<DisconnectCode?> ReviewAsync(Connection connection)
    {
        if (connection.Tag is not Client client)
        {
            return null;
        }

        var right = ClientRight.Of(connection.Identity);
        if (!ClientRight.Allows(client.Name, connection.Identity))
        {
            return DisconnectCode.Forbidden;
        }

        if (right == client.Right)
        {
            return null;
        }

        connection.Tag = client with { Right = right };
        return await clients.Here.RaiseAsync(client.Name, connection, right).ConfigureAwait(false);
    }

    protected override void OnContent(Connection connection, ReadOnlySpan<byte> text)
    {
        var from = ((Client)connection.Tag!).Quoted;
        var command = ClientMessages.Read(text);
        switch (command.Kind)
        {
            case ClientCommandKind.Broadcast:
                connection.ForgetInvalid();
                Follow(connection, clients.BroadcastAsync(ClientMessages.From(from, command.Message)));
                break;
            case ClientCommandKind.Personal:
                connection.ForgetInvalid();
                Follow(connection, clients.SendAsync(command.To!, ClientMessages.From(from, command.Message)));
                break;
            default:
                connection.Send(ClientMessages.Answer(command));
                connection.CountInvalid();
                break;
        }
    }

    private static void Follow(Connection connection, ValueTask<int> sending)
    {
        if (sending.IsCompletedSuccessfully)
        {
            Answer(connection, sending.Result);
        }
        else
        {
            _ = FinishAsync(connection, sending.AsTask());
        }
    }

    private static void Follow(Connection connection, Task telling)
    {
        if (!telling.IsCompletedSuccessfully)
        {
            _ = FinishAsync(connection, CountAsync(telling));
        }

        static async Task<int> CountAsync(Task telling)
        {
            await telling.ConfigureAwait(false);
            return 1;
        }
    }

    private static void Answer(Connection connection, int count)
    {
        if (count == 0)
        {
            connection.Send(ClientMessages.NotFound);
        }
    }

    // Other nodes are asked: the client's next message waits until they have answered.
    private static async Task FinishAsync(Connection connection, Task<int> sending)
    {
        connection.Suspend();
        int? count = null;
        try
        {
            count = await sending.ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
        }

        await connection.Lane.SwitchTo();
        if (count is { } reached)
        {
            Answer(connection, reached);
        }
        else
        {
            connection.Send(ClientMessages.Unavailable);
        }

        if (connection.State == ConnectionState.Open)
        {
            connection.Resume();
        }
    }

    private sealed record Client(string Name, byte[] Quoted, int Right);
}

using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.Clients;

/// <summary>The route of clients by name: one speaks to one other, or to all.</summary>
internal sealed class ClientHandler(ClientActions clients, FirstMessage? firstMessage) : TextRouteHandler(firstMessage)
{
    /// <summary>Gives the connection its name before its handshake is answered. Any thread, once.</summary>
    /// <returns>Why it may not have the name, or null.</returns>
    public async ValueTask<DisconnectCode?> JoinAsync(Connection connection, string client)
    {
        if (connection.Identity is { } identity && !MayBe(client, identity.User))
        {
            connection.Tag = new FieldFault("client", "the name in the path is another user's");
            return DisconnectCode.Forbidden;
        }

        // Before it joins: from then on the lane may close the connection, and must find what it has to leave.
        connection.Tag = new Client(client, ClientMessages.Quote(client));
        if (await clients.JoinAsync(client, connection).ConfigureAwait(false) is not { } refusal)
        {
            return null;
        }

        connection.Tag = null;
        return refusal;
    }

    public override void OnClosed(Connection connection, DisconnectCode code)
    {
        if (connection.Tag is Client client)
        {
            connection.Tag = null;
            clients.Here.Leave(client.Name, connection);
        }
    }

    protected override bool MayStay(Connection connection) => connection.Tag is not Client client || MayBe(client.Name, connection.Identity!.User);

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

    // Names of those who are nobody's are names alone; those of users are the user's id, or begin with it and a colon.
    private static bool MayBe(string client, string user) =>
        client.StartsWith(user, StringComparison.Ordinal) && (client.Length == user.Length || client[user.Length] == ':');

    private sealed record Client(string Name, byte[] Quoted);
}

using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.Connections;

/// <summary>What a connection will be a member of once it is known whose it is; its <see cref="Connection.Tag"/> until then.</summary>
/// <param name="Join">Joins, and says why it may not, or null; a <see cref="FieldFault"/> that it then leaves as the connection's <see cref="Connection.Tag"/>
/// says more to those who run the server. Called on the connection's lane.</param>
internal sealed record PendingJoin(Func<Connection, ValueTask<DisconnectCode?>> Join)
{
    /// <summary>Lets a connection join what it came for, where it has not yet; who may not is closed. On the connection's lane.</summary>
    public static async Task CompleteAsync(Connection connection)
    {
        if (connection.Tag is not PendingJoin pending)
        {
            return;
        }

        connection.Tag = null;
        DisconnectCode? refusal;
        try
        {
            refusal = await pending.Join(connection).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            refusal = DisconnectCode.Unavailable;
        }

        await connection.Lane.SwitchTo();
        if (refusal is { } told)
        {
            connection.Registry.Refusals.Add(told.Reason, connection.Address, connection.Tag as FieldFault);
            connection.Tag = null;
            connection.CloseNow(told);
        }
        else
        {
            connection.NoteOpen();
        }
    }
}

using System.Text.Json;
using Tidings.Actions;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Clients;
using Tidings.Connections;

namespace Tidings.Engine;

/// <summary>The engine as applications see it.</summary>
internal sealed partial class TidingsFacade(
    ClientActions clients, ConnectionRegistry connections, ServerActions actions, Disconnecting disconnecting, Hub hub, IBroker broker, Inventory inventory, JsonSerializerOptions json) : ITidings
{
    public ITidingsClients Clients { get; } = new ClientsFacade(clients);
    public ITidingsConnections Connections { get; } = new ConnectionsFacade(connections);

    private sealed class ConnectionsFacade(ConnectionRegistry registry) : ITidingsConnections
    {
        public int Count => registry.Count;

        public Task<IReadOnlyList<ConnectionInfo>> ListAsync(CancellationToken cancellationToken = default) => registry.ListAsync(cancellationToken);
    }
}

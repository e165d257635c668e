using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.Clients;

/// <summary>Clients by name on all nodes. Safe from any thread; on a single node all of it is done when it returns.</summary>
internal sealed class ClientActions(ClientRegistry clients, INodes nodes, Everywhere everywhere)
{
    /// <summary>Those of this node.</summary>
    public ClientRegistry Here => clients;

    /// <param name="client">The name.</param>
    /// <param name="json">What it gets.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>To how many connections it was handed.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">The name is not on this node, and the others cannot be reached.</exception>
    public ValueTask<int> SendAsync(string client, ReadOnlyMemory<byte> json, CancellationToken cancellationToken = default)
    {
        // One node alone has a name, unless they may join.
        return clients.Duplicates != DuplicateClients.Join && clients.Send(client, Frame.Text(json.Span)) is var count and > 0
            ? ValueTask.FromResult(count)
            : everywhere.DoAsync(new NodeRequest(NodeAction.Send, NodeTarget.Client, client) { Data = json }, cancellationToken);
    }

    /// <returns>To how many connections it was handed.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">The others cannot be reached, and nobody got it.</exception>
    public ValueTask<int> BroadcastAsync(ReadOnlyMemory<byte> json, string? except, CancellationToken cancellationToken) =>
        everywhere.DoAsync(new NodeRequest(NodeAction.Send, NodeTarget.AllClients, except ?? "") { Data = json }, cancellationToken);

    /// <summary>The same where nobody asks how many they are: those of this node have it when this returns.</summary>
    /// <exception cref="Brokers.BrokerUnavailableException">The others cannot be reached: those of this node got it.</exception>
    public Task BroadcastAsync(ReadOnlyMemory<byte> json)
    {
        clients.Broadcast(Frame.Text(json.Span));
        return nodes.TellAsync(new NodeRequest(NodeAction.Send, NodeTarget.AllClients, "") { Data = json });
    }

    /// <returns>How many connections are being closed.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">The others cannot be reached, and none is closed.</exception>
    public ValueTask<int> DisconnectAsync(string client, DisconnectCode code, CancellationToken cancellationToken) =>
        everywhere.DoAsync(new NodeRequest(NodeAction.Disconnect, NodeTarget.Client, client) { Code = code }, cancellationToken);
}

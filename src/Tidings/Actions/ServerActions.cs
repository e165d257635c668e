using System.Collections.Frozen;
using Tidings.Brokers;
using Tidings.Events;
using Tidings.Messages;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.Actions;

/// <summary>What the server itself does in channels and to connections, for its code and its API. Safe from any thread; JSON that it is given is checked.</summary>
internal sealed class ServerActions(IBroker broker, IPresenceStore presence, ChannelKinds kinds, Everywhere everywhere, EventEngine events)
{
    public ValueTask<StreamPosition?> PublishAsync(string channel, MessageData data, PublishOptions? options, CancellationToken cancellationToken) =>
        broker.PublishAsync(
            new Publication(channel, data)
            {
                Key = options?.Key,
                Event = options?.Event,
                Except = ExceptList.OfConnections(options?.Except),
                IdempotencyKey = options?.IdempotencyKey,
                Durable = options?.Durable ?? false,
                Ephemeral = options?.Ephemeral ?? false,
                Retention = kinds.Find(channel).Retention,
            },
            cancellationToken);

    /// <summary>Whether the channel keeps the newest message of each key.</summary>
    public bool HasState(string channel) => kinds.Find(channel).Retention.State is not null;

    public ValueTask<StreamPosition?> RemoveKeyAsync(string channel, string key, PublishOptions? options, CancellationToken cancellationToken) =>
        broker.PublishAsync(
            new Publication(channel, default)
            {
                Kind = MessageKind.KeyRemoval,
                Key = key,
                Except = ExceptList.OfConnections(options?.Except),
                IdempotencyKey = options?.IdempotencyKey,
                Durable = options?.Durable ?? false,
                Retention = kinds.Find(channel).Retention,
            },
            cancellationToken);

    /// <summary>Erases messages from the log and from what back ends are still to be told. What fails may be tried again.</summary>
    /// <returns>How many messages were erased.</returns>
    public async ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken)
    {
        var erased = await broker.EraseAsync(channel, position, cancellationToken).ConfigureAwait(false);
        var epoch = position is null ? (await broker.ReadAsync(channel, new HistoryRequest(null, 0), cancellationToken).ConfigureAwait(false)).Top.Epoch : null;
        await events.EraseAsync(new ErasedMessages(channel, position, epoch), cancellationToken).ConfigureAwait(false);
        return erased;
    }

    public ValueTask<StreamPosition?> BroadcastAsync(ReadOnlyMemory<byte> json, IEnumerable<string>? except, CancellationToken cancellationToken)
    {
        var names = except?.ToFrozenSet(StringComparer.Ordinal) is { Count: > 0 } some ? new ExceptList(some, hasUsers: true) : null;
        return broker.PublishAsync(
            new Publication(ChannelName.Everybody, new MessageData(DataKind.Json, json))
            {
                Except = names,
                Ephemeral = names is not null,
                Retention = kinds.Find(ChannelName.Everybody).Retention,
            },
            cancellationToken);
    }

    /// <summary>Sends to connections, or to clients by name, on every node.</summary>
    /// <returns>How many there were.</returns>
    public ValueTask<int> SendAsync(NodeTarget target, string name, ReadOnlyMemory<byte> json, CancellationToken cancellationToken = default) =>
        everywhere.DoAsync(new NodeRequest(NodeAction.Send, target, name) { Data = json }, cancellationToken);

    /// <returns>How many connections were not subscribed before.</returns>
    public ValueTask<int> SubscribeAsync(NodeTarget target, string name, string channel, CancellationToken cancellationToken = default) =>
        everywhere.DoAsync(new NodeRequest(NodeAction.Subscribe, target, name) { Channel = channel }, cancellationToken);

    /// <returns>How many connections were subscribed.</returns>
    public ValueTask<int> UnsubscribeAsync(NodeTarget target, string name, string channel, CancellationToken cancellationToken = default) =>
        everywhere.DoAsync(new NodeRequest(NodeAction.Unsubscribe, target, name) { Channel = channel }, cancellationToken);

    /// <summary>Has a connection take a text that its client said in another way, where it shows the connection's secret.</summary>
    /// <param name="isHere">Whether the connection is one of this node.</param>
    /// <param name="connection">Its public id.</param>
    /// <param name="secret">Its secret.</param>
    /// <param name="text">What the client said.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether there is such a connection.</returns>
    /// <exception cref="BrokerUnavailableException">The other nodes cannot be reached.</exception>
    public async ValueTask<bool> HearAsync(bool isHere, string connection, string secret, ReadOnlyMemory<byte> text, CancellationToken cancellationToken = default) =>
        await everywhere.DoOnAsync(isHere, new NodeRequest(NodeAction.Hear, NodeTarget.Connection, connection) { Secret = secret, Data = text }, cancellationToken).ConfigureAwait(false) > 0;

    public ValueTask<PresenceList> PresenceAsync(string channel, int limit, CancellationToken cancellationToken) =>
        presence.ReadAsync(channel, limit, cancellationToken);

    public ValueTask<HistoryPart> HistoryAsync(string channel, HistoryRequest wanted, CancellationToken cancellationToken) =>
        broker.ReadAsync(channel, wanted, cancellationToken);
}

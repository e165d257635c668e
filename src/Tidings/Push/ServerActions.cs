using System.Collections.Frozen;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Presence;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.Push;

/// <summary>What the server itself does in channels and to connections, for its code and its API. Safe from any thread; its data is JSON, checked.</summary>
internal sealed class ServerActions(IBroker broker, IPresenceStore presence, ChannelKinds kinds, Subscribing subscribing, ConnectionDirectory directory)
{
    /// <summary>The channel that every connection is subscribed to.</summary>
    public const string Everybody = "all";

    public ValueTask<StreamPosition?> PublishAsync(string channel, ReadOnlyMemory<byte> json, PublishOptions? options, CancellationToken cancellationToken) =>
        broker.PublishAsync(
            new Publication(channel, new MessageData(DataKind.Json, json))
            {
                Key = options?.Key,
                IdempotencyKey = options?.IdempotencyKey,
                Durable = options?.Durable ?? false,
                Ephemeral = options?.Ephemeral ?? false,
                Retention = kinds.Find(channel).Retention,
            },
            cancellationToken);

    public ValueTask<StreamPosition?> BroadcastAsync(ReadOnlyMemory<byte> json, IEnumerable<string>? except, CancellationToken cancellationToken)
    {
        var names = except?.ToFrozenSet(StringComparer.Ordinal);
        var excepting = names is { Count: > 0 };
        return broker.PublishAsync(
            new Publication(Everybody, new MessageData(DataKind.Json, json))
            {
                Except = excepting ? names : null,
                Ephemeral = excepting,
                Retention = kinds.Find(Everybody).Retention,
            },
            cancellationToken);
    }

    public IReadOnlyList<Connection> ConnectionsOf(string user) => directory.FindUser(user);

    public IReadOnlyList<Connection> ConnectionOf(string id) => directory.Find(id) is { } connection ? [connection] : [];

    public static int Send(IReadOnlyList<Connection> receivers, ReadOnlySpan<byte> json)
    {
        var frame = Reply.Direct(from: null, json);
        foreach (var receiver in receivers)
        {
            receiver.SendLater(frame);
        }

        return receivers.Count;
    }

    /// <returns>How many connections were not subscribed before.</returns>
    public async Task<int> SubscribeAsync(IReadOnlyList<Connection> connections, string channel)
    {
        var count = 0;
        foreach (var connection in connections)
        {
            if (connection.Tag is ChannelSession session
                && await OnLaneAsync(connection.Lane, () => subscribing.SubscribeByServerAsync(session, channel)).ConfigureAwait(false))
            {
                count++;
            }
        }

        return count;
    }

    /// <returns>How many connections were subscribed.</returns>
    public async Task<int> UnsubscribeAsync(IReadOnlyList<Connection> connections, string channel)
    {
        var count = 0;
        foreach (var connection in connections)
        {
            if (connection.Tag is ChannelSession session
                && await OnLaneAsync(connection.Lane, () => ValueTask.FromResult(subscribing.UnsubscribeByServer(session, channel))).ConfigureAwait(false))
            {
                count++;
            }
        }

        return count;
    }

    public ValueTask<PresenceList> PresenceAsync(string channel, int limit, CancellationToken cancellationToken) =>
        presence.ReadAsync(channel, limit, cancellationToken);

    public ValueTask<HistoryPart> HistoryAsync(string channel, StreamPosition? since, int limit, CancellationToken cancellationToken) =>
        limit == 0 && since is null
            ? broker.ReadAsync(channel, new HistoryRequest(null, 0), cancellationToken)
            : broker.ReadAsync(channel, new HistoryRequest(since, limit, limit), cancellationToken);

    // The caller goes on elsewhere: no code but the engine's runs on a lane.
    private static async Task<T> OnLaneAsync<T>(Lane lane, Func<ValueTask<T>> work)
    {
        try
        {
            await lane.SwitchTo();
            return await work().ConfigureAwait(false);
        }
        finally
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
    }
}

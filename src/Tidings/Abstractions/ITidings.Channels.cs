using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Tidings.Brokers;
using Tidings.Protocol;

namespace Tidings;

/// <content>
/// Channels. What is published here passes no handler and no permission: those are for clients. Values become JSON by the application's own
/// JSON options (camelCase unless it says otherwise). Where the broker cannot be reached, calls fail with <see cref="BrokerUnavailableException"/>.
/// </content>
public partial interface ITidings
{
    /// <summary>Appends to the channel's history and hands it to subscribers on every node.</summary>
    /// <remarks>Completes when the broker has accepted it, not when anyone received it. Calls may overlap; messages to one channel keep
    /// the order in which the broker accepted them.</remarks>
    /// <param name="channel">The channel's name.</param>
    /// <param name="data">Any value that can be JSON. A <c>byte[]</c> or <see cref="Memory{T}"/> of bytes is published as they are, as by
    /// <see cref="PublishAsync(string, ReadOnlyMemory{byte}, PublishOptions?, CancellationToken)"/>.</param>
    /// <param name="options">How; null for a plain message.</param>
    /// <param name="cancellationToken">Ends the waiting; the message may have been accepted all the same.</param>
    /// <returns>Where the message stands; null for an ephemeral one.</returns>
    /// <exception cref="ArgumentException"><paramref name="channel"/> is no channel name.</exception>
    /// <exception cref="NotDurableException">Durability was asked for and cannot be given.</exception>
    /// <exception cref="ChannelStateFullException">The message has a key, and the channel's state has no room for it.</exception>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    ValueTask<StreamPosition?> PublishAsync<T>(string channel, T data, PublishOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="PublishAsync{T}(string, T, PublishOptions?, CancellationToken)"/>
    /// <param name="channel">The channel's name.</param>
    /// <param name="data">The value.</param>
    /// <param name="type">How it becomes JSON, from a source-generated context.</param>
    /// <param name="options">How; null for a plain message.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<StreamPosition?> PublishAsync<T>(string channel, T data, JsonTypeInfo<T> type, PublishOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The same with a binary payload: any bytes, of which none is changed. Connections that asked for binary frames get them as they are, all others
    /// as base64 in <c>data64</c> (docs/protocol.md); text rooms show nothing of it.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="data">The bytes; there may be none. Copied before the call returns.</param>
    /// <param name="options">How; null for a plain message.</param>
    /// <param name="cancellationToken">Ends the waiting; the message may have been accepted all the same.</param>
    /// <returns>Where the message stands; null for an ephemeral one.</returns>
    /// <exception cref="ArgumentException"><paramref name="channel"/> is no channel name.</exception>
    /// <exception cref="NotDurableException">Durability was asked for and cannot be given.</exception>
    /// <exception cref="ChannelStateFullException">The message has a key, and the channel's state has no room for it.</exception>
    ValueTask<StreamPosition?> PublishAsync(string channel, ReadOnlyMemory<byte> data, PublishOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The same with JSON as it is: its bytes reach subscribers unchanged, less line breaks between tokens.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="json">One JSON value in UTF-8, of at most 64 levels. Copied before the call returns.</param>
    /// <param name="options">How; null for a plain message.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException">The channel is no channel name, or the bytes are no JSON.</exception>
    ValueTask<StreamPosition?> PublishJsonAsync(string channel, ReadOnlyMemory<byte> json, PublishOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Takes a key out of a channel's state, and says so to its subscribers.</summary>
    /// <param name="channel">The channel's name; its kind has <see cref="ChannelOptions.State"/>.</param>
    /// <param name="key">The key: 1 to 128 bytes. One that is not there is no fault.</param>
    /// <param name="options">How, but for <see cref="PublishOptions.Key"/>, <see cref="PublishOptions.Event"/> and <see cref="PublishOptions.Ephemeral"/>, which mean nothing here; null for nothing special.</param>
    /// <param name="cancellationToken">Ends the waiting; the key may be gone all the same.</param>
    /// <returns>Where the removal stands in the log.</returns>
    /// <exception cref="InvalidOperationException">The channel keeps no state.</exception>
    ValueTask<StreamPosition> RemoveKeyAsync(string channel, string key, PublishOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The newest message of each key, in the order in which they were said.</summary>
    /// <param name="channel">The channel's name; its kind has <see cref="ChannelOptions.State"/>.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The messages, and the position that they all are at: who subscribes since it misses no change.</returns>
    /// <exception cref="InvalidOperationException">The channel keeps no state.</exception>
    ValueTask<ChannelHistory> ReadStateAsync(string channel, CancellationToken cancellationToken = default);

    /// <summary>Publishes to everybody: on the channel <c>all</c>, to which the server subscribes each connection of <c>/connect</c>.</summary>
    /// <param name="data">Any value that can be JSON.</param>
    /// <param name="except">Users and connections (by id) who don't get it. With them the message is ephemeral: it has no position and is not recovered.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Where the message stands; null with <paramref name="except"/>.</returns>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    ValueTask<StreamPosition?> BroadcastAsync<T>(T data, IEnumerable<string>? except = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="BroadcastAsync{T}(T, IEnumerable{string}?, CancellationToken)"/>
    /// <param name="data">The value.</param>
    /// <param name="type">How it becomes JSON.</param>
    /// <param name="except">Users and connections who don't get it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<StreamPosition?> BroadcastAsync<T>(T data, JsonTypeInfo<T> type, IEnumerable<string>? except = null, CancellationToken cancellationToken = default);

    /// <summary>Sends to all connections of a user that are there now; nothing is kept for those who are not. To keep it, publish to <c>user:&lt;id&gt;</c>.</summary>
    /// <param name="user">The user's id.</param>
    /// <param name="data">Any value that can be JSON.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>To how many connections it went.</returns>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    ValueTask<int> SendToUserAsync<T>(string user, T data, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="SendToUserAsync{T}(string, T, CancellationToken)"/>
    /// <param name="user">The user's id.</param>
    /// <param name="data">The value.</param>
    /// <param name="type">How it becomes JSON.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<int> SendToUserAsync<T>(string user, T data, JsonTypeInfo<T> type, CancellationToken cancellationToken = default);

    /// <summary>Erases one message of a channel's log, or all of it.</summary>
    /// <remarks>Completes when no answer shows it any more, on whatever node. Subscribers are told: by <c>removed</c>, or by a <c>gap</c> with the reason
    /// <c>cleared</c> and another epoch. What is not there is no fault.</remarks>
    /// <param name="channel">The channel's name.</param>
    /// <param name="position">Which message; null for all of the log.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>How many messages were erased.</returns>
    /// <exception cref="ArgumentException"><paramref name="channel"/> is no channel name, or <paramref name="position"/> has no epoch, as that of a message that was said in passing.</exception>
    ValueTask<int> EraseAsync(string channel, StreamPosition? position = null, CancellationToken cancellationToken = default);

    /// <summary>Listens to a channel inside this process.</summary>
    /// <remarks>
    /// Begins with the first <c>MoveNextAsync</c> and ends with the enumeration. Within the channel's retention each message comes once
    /// and in order: a loop that lags past <see cref="SubscribeOptions.QueueLength"/> reads on from the history, and what is no longer
    /// there is announced by one message of the kind <see cref="ChannelMessageKind.Gap"/>. Ephemeral messages beyond the queue are lost.
    /// </remarks>
    /// <param name="channel">The channel's name.</param>
    /// <param name="options">Where to begin; null for what is published from now on.</param>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>.</param>
    IAsyncEnumerable<ChannelMessage> SubscribeAsync(string channel, SubscribeOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Closes all connections of a user, or the one connection of that id.</summary>
    /// <param name="userOrConnection">Whose.</param>
    /// <param name="code">What they are told; null for 4010 "Disconnected by server", on which clients stay away.</param>
    /// <param name="revoke">Whether every token that the user has until now is refused from here on. What waits for the connections is then
    /// dropped, and not sent before. An application's own cookies are its own to end.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>How many connections there were, on all nodes.</returns>
    ValueTask<int> DisconnectAsync(string userOrConnection, DisconnectCode? code = null, bool revoke = false, CancellationToken cancellationToken = default);

    /// <summary>Who listens to a channel whose kind has presence; nobody where it has not.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="limit">The most members to list, from 0; the count is always whole.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<ChannelPresence> PresenceAsync(string channel, int limit = 1000, CancellationToken cancellationToken = default);

    /// <summary>Who subscribes to a channel, on all nodes, and where its log stands. Nothing is made for a channel that nobody uses.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<ChannelOccupancy> ChannelAsync(string channel, CancellationToken cancellationToken = default);

    /// <summary>Channels that somebody is subscribed to, on all nodes, in the order of their names.</summary>
    /// <param name="prefix">What their names begin with; null for all.</param>
    /// <param name="limit">The most, from 1 to 1,000.</param>
    /// <param name="after">Only names behind this one: <see cref="NodePage{T}.Next"/> of the page before.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<NodePage<OccupiedChannel>> ChannelsAsync(string? prefix = null, int limit = 100, string? after = null, CancellationToken cancellationToken = default);

    /// <summary>Connections of the channel protocol, on all nodes, in the order of their ids.</summary>
    /// <param name="user">Whose; null for all.</param>
    /// <param name="channel">Only those that are subscribed to this channel; null for all.</param>
    /// <param name="limit">The most, from 1 to 1,000.</param>
    /// <param name="after">Only ids behind this one: <see cref="NodePage{T}.Next"/> of the page before.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<NodePage<ListedConnection>> ConnectionsAsync(string? user = null, string? channel = null, int limit = 100, string? after = null, CancellationToken cancellationToken = default);

    /// <summary>Who of some users is connected to the channel protocol, on all nodes, and when the others were: known for 30 days, and of the 100,000 users who were here last.</summary>
    /// <param name="users">Their ids, at most 1,000.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<OnlineUsers> OnlineAsync(IReadOnlyList<string> users, CancellationToken cancellationToken = default);

    /// <summary>Reads the history of a channel.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="since">After which message, or null for the newest <paramref name="limit"/> ones.</param>
    /// <param name="limit">The most messages, from 0.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<ChannelHistory> HistoryAsync(string channel, StreamPosition? since = null, int limit = 100, CancellationToken cancellationToken = default);

    /// <summary>Reads the history of a channel backwards: the messages just before a position, in ascending order.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="before">Before which message; <see cref="ChannelHistory.Recovered"/> is false where the one just before it is no longer kept.</param>
    /// <param name="limit">The most messages, from 0.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<ChannelHistory> HistoryBeforeAsync(string channel, StreamPosition before, int limit = 100, CancellationToken cancellationToken = default);
}

internal static class JsonWarning
{
    public const string Text = "The value becomes JSON by reflection. Use the overload that takes a JsonTypeInfo<T>.";
}

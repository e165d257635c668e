using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>
/// One channel of one client: <c>await foreach</c> gives what it tells, in order, until the subscription is disposed or the client is closed.
/// </summary>
/// <remarks>
/// Lives through broken connections and changes of transport. Each message comes once; what is gone is told by one <see cref="ChannelGap"/>
/// before the next. A loop that lags past <see cref="SubscribeOptions.QueueLength"/> events or 4 MB gets the rest from the history, by
/// position; ephemeral messages, joins and leaves pass it by meanwhile, and a new list of members follows. The loop fails with
/// <see cref="TidingsException"/> where the server refuses or ends the subscription, and with <see cref="TidingsDisconnectedException"/> where
/// the client is away for good, but for the code 1000.
/// </remarks>
public sealed class ChannelSubscription : IAsyncEnumerable<ChannelEvent>, IAsyncDisposable
{
    private readonly TidingsClient _client;
    private readonly ChannelFeed? _feed;
    private readonly LoadedChannel? _loaded;
    private int _reading;

    internal ChannelSubscription(TidingsClient client, ChannelFeed feed) => (_client, _feed, Channel) = (client, feed, feed.Channel);

    internal ChannelSubscription(TidingsClient client, LoadedChannel loaded) => (_client, _loaded, Channel) = (client, loaded, loaded.Channel);

    /// <summary>The channel's name.</summary>
    public string Channel { get; }

    /// <summary>Up to where messages have been received, which may be ahead of the loop; null before the first answer. To go on in another
    /// run, keep <see cref="ChannelMessage.Position"/> of the last message that was worked through.</summary>
    public StreamPosition? Position => _feed is null ? _loaded!.Position : _feed.Position;

    /// <summary>Completes when the subscription is live for the first time; with <see cref="SubscribeOptions.Load"/> a loop has to be running.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="TidingsException">It was refused, or the client is away for good.</exception>
    /// <exception cref="OperationCanceledException">It was disposed before, or cancelled.</exception>
    public Task WaitAsync(CancellationToken cancellationToken = default) => (_feed?.Live ?? _loaded!.Live).WaitAsync(cancellationToken);

    /// <summary>What the channel tells. For one loop at a time.</summary>
    /// <param name="cancellationToken">Ends the loop with <see cref="OperationCanceledException"/>; what is queued stays for the next.</param>
    /// <exception cref="InvalidOperationException">Another loop is running.</exception>
    public async IAsyncEnumerator<ChannelEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _reading, 1) == 1)
        {
            throw new InvalidOperationException($"Another loop reads \"{Channel}\".");
        }

        try
        {
            await foreach (var told in (_feed?.ReadAsync(cancellationToken) ?? _loaded!.ReadAsync(cancellationToken)).ConfigureAwait(false))
            {
                yield return told;
            }
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    /// <summary>The messages that are one event, as <c>paid</c>; all else that the channel tells passes by. For one loop at a time, like the whole.</summary>
    /// <param name="name">The event's name (<see cref="PublishOptions.Event"/>).</param>
    /// <param name="cancellationToken">Ends the loop with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="InvalidOperationException">Another loop is running.</exception>
    public async IAsyncEnumerable<ChannelMessage> EventsAsync(string name, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        await foreach (var told in this.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (told is ChannelMessage message && message.Event == name)
            {
                yield return message;
            }
        }
    }

    /// <inheritdoc cref="TidingsClient.PublishAsync{T}(string, T, JsonTypeInfo{T}, PublishOptions?, CancellationToken)"/>
    public Task<StreamPosition?> PublishAsync<T>(T data, JsonTypeInfo<T> type, PublishOptions? options = null, CancellationToken cancellationToken = default) =>
        _client.PublishAsync(Channel, data, type, options, cancellationToken);

    /// <inheritdoc cref="TidingsClient.PublishAsync{T}(string, T, PublishOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public Task<StreamPosition?> PublishAsync<T>(T data, PublishOptions? options = null, CancellationToken cancellationToken = default) =>
        _client.PublishAsync(Channel, data, options, cancellationToken);

    /// <inheritdoc cref="TidingsClient.PublishAsync(string, ReadOnlyMemory{byte}, PublishOptions?, CancellationToken)"/>
    public Task<StreamPosition?> PublishAsync(ReadOnlyMemory<byte> data, PublishOptions? options = null, CancellationToken cancellationToken = default) =>
        _client.PublishAsync(Channel, data, options, cancellationToken);

    /// <inheritdoc cref="TidingsClient.HistoryAsync(string, HistoryOptions?, CancellationToken)"/>
    public Task<ChannelHistory> HistoryAsync(HistoryOptions? options = null, CancellationToken cancellationToken = default) =>
        _client.HistoryAsync(Channel, options, cancellationToken);

    /// <inheritdoc cref="TidingsClient.PresenceAsync(string, int?, CancellationToken)"/>
    public Task<ChannelPresence> PresenceAsync(int? limit = null, CancellationToken cancellationToken = default) =>
        _client.PresenceAsync(Channel, limit, cancellationToken);

    /// <summary>Who is there, with <see cref="SubscribeOptions.Presence"/>; empty without.</summary>
    public ChannelMembers Members => _feed?.Members ?? _loaded!.Members;

    /// <summary>Says what others are shown of this client's member, now and after each time it was away, where the channel's kind has <c>PresenceInfo</c>.</summary>
    /// <remarks>Of several subscriptions of a channel the last call counts. Where the channel is not subscribed now, it completes at once, and what was said goes
    /// with the subscription.</remarks>
    /// <param name="info">The value; at most 4 KB as JSON.</param>
    /// <param name="type">How it becomes JSON, from a source-generated context.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="TidingsException">It was refused.</exception>
    public Task TrackAsync<T>(T info, JsonTypeInfo<T> type, CancellationToken cancellationToken = default) =>
        TrackCheckedAsync(JsonSerializer.SerializeToUtf8Bytes(info, type), cancellationToken);

    /// <inheritdoc cref="TrackAsync{T}(T, JsonTypeInfo{T}, CancellationToken)"/>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public Task TrackAsync<T>(T info, CancellationToken cancellationToken = default) =>
        TrackCheckedAsync(JsonSerializer.SerializeToUtf8Bytes(info, JsonSerializerOptions.Web), cancellationToken);

    /// <summary>The same with JSON as it is.</summary>
    /// <param name="info">One JSON value in UTF-8, copied before the call returns; empty takes back what was said.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="JsonException">The bytes are no JSON.</exception>
    /// <exception cref="TidingsException">It was refused.</exception>
    public Task TrackJsonAsync(ReadOnlyMemory<byte> info, CancellationToken cancellationToken = default)
    {
        if (!info.IsEmpty)
        {
            using var json = JsonDocument.Parse(info);
        }

        return TrackCheckedAsync(info.ToArray(), cancellationToken);
    }

    /// <summary>Ends the subscription; its loop gets what is queued and ends.</summary>
    public ValueTask DisposeAsync()
    {
        if (_feed is not null)
        {
            _client.Unsubscribe(_feed);
        }

        _loaded?.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task TrackCheckedAsync(byte[] info, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _loaded?.Info = info;
        return _client.TrackAsync(Channel, info, cancellationToken);
    }
}

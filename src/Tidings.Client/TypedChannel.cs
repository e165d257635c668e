using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>A channel of which is known what clients hear and what they publish. Immutable, and safe from any thread; nothing is subscribed before it is asked for.</summary>
/// <typeparam name="THeard">What clients hear.</typeparam>
/// <typeparam name="TSaid">What they publish.</typeparam>
public sealed class TypedChannel<THeard, TSaid>
{
    private readonly TidingsClient _client;
    private readonly JsonTypeInfo<THeard> _heard;
    private readonly JsonTypeInfo<TSaid> _said;

    /// <summary>Names a channel and its types.</summary>
    /// <param name="client">The client, which stays the caller's.</param>
    /// <param name="name">The channel's name.</param>
    /// <param name="heard">How messages are read, from a source-generated context.</param>
    /// <param name="said">How what is published becomes JSON.</param>
    public TypedChannel(TidingsClient client, string name, JsonTypeInfo<THeard> heard, JsonTypeInfo<TSaid> said)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(heard);
        ArgumentNullException.ThrowIfNull(said);
        (_client, Name, _heard, _said) = (client, name, heard, said);
    }

    /// <summary>The channel's name.</summary>
    public string Name { get; }

    /// <summary>Subscribes the channel. <see cref="Read"/> makes a value of each message that the subscription tells.</summary>
    /// <inheritdoc cref="TidingsClient.Subscribe(string, SubscribeOptions?)"/>
    public ChannelSubscription Subscribe(SubscribeOptions? options = null) => _client.Subscribe(Name, options);

    /// <summary>Subscribes the channel while the loop runs, and gives its messages alone: whoever keeps state must see gaps and erased messages, and uses <see cref="Subscribe"/>.</summary>
    /// <param name="options">How; null for what comes from now on.</param>
    /// <param name="cancellationToken">Ends the loop with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TidingsException">The server refuses or ends the subscription, or the client is away for good.</exception>
    public async IAsyncEnumerable<ChannelMessage<THeard>> MessagesAsync(SubscribeOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var subscription = Subscribe(options);
        await using (((IAsyncDisposable)subscription).ConfigureAwait(false))
        {
            await foreach (var told in subscription.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (told is ChannelMessage message)
                {
                    yield return new ChannelMessage<THeard>(message, _heard);
                }
            }
        }
    }

    /// <summary>The value of a message; the default for one that has none, as an erased one or the removal of a key.</summary>
    /// <param name="message">A message of this channel.</param>
    /// <exception cref="System.Text.Json.JsonException">It does not fit the type.</exception>
    public THeard? Read(ChannelMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message.Data.IsEmpty && message.Bytes is null ? default : message.Read(_heard);
    }

    /// <summary>Publishes a message.</summary>
    /// <inheritdoc cref="TidingsClient.PublishAsync{T}(string, T, JsonTypeInfo{T}, PublishOptions?, CancellationToken)"/>
    public Task<StreamPosition?> PublishAsync(TSaid data, PublishOptions? options = null, CancellationToken cancellationToken = default) =>
        _client.PublishAsync(Name, data, _said, options, cancellationToken);

    /// <inheritdoc cref="TidingsClient.SubscribeMap{T}(string, JsonTypeInfo{T}, MapOptions{T}?)"/>
    public ChannelMap<THeard> SubscribeMap(MapOptions<THeard>? options = null) => _client.SubscribeMap(Name, _heard, options);

    /// <inheritdoc cref="TidingsClient.HistoryAsync(string, HistoryOptions?, CancellationToken)"/>
    public Task<ChannelHistory> HistoryAsync(HistoryOptions? options = null, CancellationToken cancellationToken = default) => _client.HistoryAsync(Name, options, cancellationToken);

    /// <inheritdoc cref="TidingsClient.PresenceAsync(string, int?, CancellationToken)"/>
    public Task<ChannelPresence> PresenceAsync(int? limit = null, CancellationToken cancellationToken = default) => _client.PresenceAsync(Name, limit, cancellationToken);
}

/// <summary>Names of channels that are made of a pattern and its values.</summary>
public static class TypedChannel
{
    /// <summary>A value that stands for <c>{name}</c> in a pattern, as it is.</summary>
    /// <param name="value">One or more characters without <c>:</c>, which would make it a channel of another pattern.</param>
    /// <param name="name">What the value is called.</param>
    /// <exception cref="ArgumentException">It is empty, or has a <c>:</c>.</exception>
    public static string Value(string value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(value, name);
        return value.Contains(':', StringComparison.Ordinal)
            ? throw new ArgumentException($"\"{value}\" has a colon, and would name a channel of another pattern.", name)
            : value;
    }
}

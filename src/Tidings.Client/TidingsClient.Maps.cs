using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Client.Commands;
using Tidings.Client.Connecting;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client;

/// <content>Keyed state.</content>
public sealed partial class TidingsClient
{
    /// <summary>The state of a channel, a value for each key, kept as it is on the server until the map is disposed. Its kind has <c>State</c>; it needs a WebSocket
    /// or Server-Sent Events.</summary>
    /// <typeparam name="T">The values' type.</typeparam>
    /// <param name="channel">The channel's name.</param>
    /// <param name="type">How a value becomes JSON and back, from a source-generated context.</param>
    /// <param name="options">What it tells; null for a map that is only read.</param>
    /// <exception cref="ArgumentException">It is no channel name.</exception>
    /// <exception cref="TidingsDisconnectedException">The client is away for good.</exception>
    public ChannelMap<T> SubscribeMap<T>(string channel, JsonTypeInfo<T> type, MapOptions<T>? options = null)
    {
        ArgumentNullException.ThrowIfNull(type);
        return Map(channel, options, new MapFormat<T>(message => message.Read(type), value => JsonSerializer.SerializeToUtf8Bytes(value, type)));
    }

    /// <inheritdoc cref="SubscribeMap{T}(string, JsonTypeInfo{T}, MapOptions{T}?)"/>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public ChannelMap<T> SubscribeMap<T>(string channel, MapOptions<T>? options = null) =>
        Map(channel, options, new MapFormat<T>(static message => message.Read<T>(), static value => JsonSerializer.SerializeToUtf8Bytes(value, JsonSerializerOptions.Web)));

    /// <summary>Takes a key out of a channel's state. One that is not there is no fault.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the waiting; a command that is not sent yet never will be.</param>
    /// <returns>Where that stands in the log; null where a handler of the server dropped it.</returns>
    /// <exception cref="ArgumentException"><paramref name="channel"/> is no channel name.</exception>
    /// <exception cref="TidingsException">It was refused, or too many wait.</exception>
    public async Task<StreamPosition?> RemoveKeyAsync(string channel, string key, CancellationToken cancellationToken = default)
    {
        Check(channel);
        ArgumentException.ThrowIfNullOrEmpty(key);
        var idempotencyKey = Guid.NewGuid().ToString("N");
        var answer = await AskAsync("publish", Delivery.Repeat, writer => CommandWriter.RemoveKey(writer, channel, key, idempotencyKey), cancellationToken, publishes: channel).ConfigureAwait(false);
        return answer.Position;
    }

    private ChannelMap<T> Map<T>(string channel, MapOptions<T>? options, MapFormat<T> format)
    {
        Check(channel);
        return new ChannelMap<T>(this, channel, options ?? new MapOptions<T>(), format, PauseAsync);
    }

    private Task PauseAsync(int attempt, CancellationToken cancellationToken) => Task.Delay(Backoff.Ordinary(attempt, _random()), _options.TimeProvider, cancellationToken);
}

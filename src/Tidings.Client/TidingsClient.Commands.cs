using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Client.Commands;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client;

/// <content>
/// Commands. While the client is away they wait, at most <see cref="TidingsClientOptions.OutgoingLimit"/> of them. Whatever the server refuses
/// fails with <see cref="TidingsException"/>; a command over the server's rate is sent again by itself.
/// </content>
public sealed partial class TidingsClient
{
    /// <summary>Publishes a message.</summary>
    /// <remarks>
    /// Completes when the server has accepted it. Sent once: each call draws an idempotency key, and what a broken connection left unanswered is
    /// sent again with it, for at most four minutes. Calls that overlap are ordered as the server accepts them.
    /// </remarks>
    /// <param name="channel">The channel's name.</param>
    /// <param name="data">The value.</param>
    /// <param name="type">How it becomes JSON, from a source-generated context.</param>
    /// <param name="options">How; null for a plain message.</param>
    /// <param name="cancellationToken">Ends the waiting; a message that is not sent yet never will be, one that is may be accepted all the same.</param>
    /// <returns>Where the message stands; null for an ephemeral one, and where a handler of the server dropped it.</returns>
    /// <exception cref="ArgumentException"><paramref name="channel"/> is no channel name.</exception>
    /// <exception cref="TidingsException">It was refused, or too many wait.</exception>
    public Task<StreamPosition?> PublishAsync<T>(
        string channel, T data, JsonTypeInfo<T> type, PublishOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishJsonAsync(channel, JsonSerializer.SerializeToUtf8Bytes(data, type), options, cancellationToken);

    /// <inheritdoc cref="PublishAsync{T}(string, T, JsonTypeInfo{T}, PublishOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public Task<StreamPosition?> PublishAsync<T>(string channel, T data, PublishOptions? options = null, CancellationToken cancellationToken = default) => data switch
    {
        // Who has bytes means them: for these two, overload resolution prefers this method to that of ReadOnlyMemory<byte>.
        byte[] bytes => PublishPayloadAsync(channel, default, bytes.ToArray(), options, cancellationToken),
        Memory<byte> bytes => PublishPayloadAsync(channel, default, bytes.ToArray(), options, cancellationToken),
        _ => PublishJsonAsync(channel, JsonSerializer.SerializeToUtf8Bytes(data, JsonSerializerOptions.Web), options, cancellationToken),
    };

    /// <summary>The same with a binary payload: any bytes, of which none is changed. A <c>byte[]</c> or <see cref="Memory{T}"/> of bytes may be given as well.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="data">The bytes; there may be none. Copied before the call returns.</param>
    /// <param name="options">How; null for a plain message.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Where the message stands; null for an ephemeral one, and where a handler of the server dropped it.</returns>
    /// <exception cref="ArgumentException"><paramref name="channel"/> is no channel name.</exception>
    /// <exception cref="TidingsException">It was refused, or too many wait.</exception>
    public Task<StreamPosition?> PublishAsync(string channel, ReadOnlyMemory<byte> data, PublishOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishPayloadAsync(channel, default, data.ToArray(), options, cancellationToken);

    /// <summary>The same with JSON as it is.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="json">One JSON value in UTF-8. Copied before the call returns.</param>
    /// <param name="options">How; null for a plain message.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="JsonException">The bytes are no JSON.</exception>
    public Task<StreamPosition?> PublishJsonAsync(
        string channel, ReadOnlyMemory<byte> json, PublishOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishPayloadAsync(channel, json, null, options, cancellationToken);

    private async Task<StreamPosition?> PublishPayloadAsync(string channel, ReadOnlyMemory<byte> json, ReadOnlyMemory<byte>? payload, PublishOptions? options, CancellationToken cancellationToken)
    {
        if (json.IsEmpty && payload is null)
        {
            throw new JsonException("There is no JSON to publish.");
        }

        Check(channel);
        options ??= new PublishOptions();
        var key = options.Ephemeral ? options.IdempotencyKey : options.IdempotencyKey ?? Guid.NewGuid().ToString("N");
        var answer = await AskAsync(
            "publish",
            options.Ephemeral ? Delivery.Now : Delivery.Repeat,
            writer => CommandWriter.Publish(writer, channel, json.Span, options, key),
            cancellationToken,
            publishes: options.Ephemeral ? null : channel,
            isUnwanted: options.Except,
            payload).ConfigureAwait(false);
        return answer.Position;
    }

    /// <summary>Sends to all connections of a user, or to one connection; nothing is kept for those who are not there.</summary>
    /// <remarks>Where the connection ends before the answer it fails with <see cref="ErrorCode.Unavailable"/>: it is not sent twice.</remarks>
    /// <param name="to">The user's id, or the connection's.</param>
    /// <param name="data">The value.</param>
    /// <param name="type">How it becomes JSON.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>To how many connections it went, 0 saying nothing about whether there is such a user; null where the server does not tell, as it does only to those who may see presence.</returns>
    /// <exception cref="TidingsException">Among others with <see cref="ErrorCode.NotAllowed"/>: clients may send only where the server says so (<c>Tidings:Send</c>, or the token's claim <c>send</c>).</exception>
    public Task<int?> SendAsync<T>(string to, T data, JsonTypeInfo<T> type, CancellationToken cancellationToken = default) =>
        SendJsonAsync(to, JsonSerializer.SerializeToUtf8Bytes(data, type), cancellationToken);

    /// <inheritdoc cref="SendAsync{T}(string, T, JsonTypeInfo{T}, CancellationToken)"/>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public Task<int?> SendAsync<T>(string to, T data, CancellationToken cancellationToken = default) =>
        SendJsonAsync(to, JsonSerializer.SerializeToUtf8Bytes(data, JsonSerializerOptions.Web), cancellationToken);

    /// <summary>Calls a method of the application on the server.</summary>
    /// <remarks>Where the connection ends before the answer it fails with <see cref="ErrorCode.Unavailable"/>: it is not called twice.</remarks>
    /// <param name="method">Its name.</param>
    /// <param name="parameters">What it is given.</param>
    /// <param name="parametersType">How that becomes JSON.</param>
    /// <param name="resultType">How the result is read.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<TResult?> CallAsync<TParameters, TResult>(
        string method, TParameters parameters, JsonTypeInfo<TParameters> parametersType, JsonTypeInfo<TResult> resultType, CancellationToken cancellationToken = default)
    {
        var result = await CallJsonAsync(method, JsonSerializer.SerializeToUtf8Bytes(parameters, parametersType), cancellationToken).ConfigureAwait(false);
        return JsonSerializer.Deserialize(result.Span, resultType);
    }

    /// <summary>Calls a method of the application on the server, with values that become JSON by reflection.</summary>
    /// <param name="method">Its name.</param>
    /// <param name="parameters">What it is given.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public async Task<TResult?> CallAsync<TResult>(string method, object? parameters, CancellationToken cancellationToken = default)
    {
        var result = await CallJsonAsync(method, JsonSerializer.SerializeToUtf8Bytes(parameters, JsonSerializerOptions.Web), cancellationToken).ConfigureAwait(false);
        return JsonSerializer.Deserialize<TResult>(result.Span, JsonSerializerOptions.Web);
    }

    /// <summary>The same with JSON as it is.</summary>
    /// <param name="method">Its name.</param>
    /// <param name="json">What it is given: JSON in UTF-8; empty for nothing.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The result, JSON in UTF-8.</returns>
    public async Task<ReadOnlyMemory<byte>> CallJsonAsync(string method, ReadOnlyMemory<byte> json = default, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(method);
        var answer = await AskAsync(
            "call",
            Delivery.Once,
            writer =>
            {
                writer.WriteString("method"u8, method);
                if (!json.IsEmpty)
                {
                    CommandWriter.Raw(writer, "params"u8, json.Span);
                }
            },
            cancellationToken).ConfigureAwait(false);
        return answer.Raw("data");
    }

    /// <summary>Reads a part of a channel's log.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="options">Which part; null for the newest that the server gives.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException"><see cref="HistoryOptions.Before"/> stands beside <see cref="HistoryOptions.Since"/> or <see cref="HistoryOptions.Last"/>.</exception>
    public async Task<ChannelHistory> HistoryAsync(string channel, HistoryOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(channel);
        if (options is { Before: not null, Since: not null } or { Before: not null, Last: not null })
        {
            throw new ArgumentException("Before must not stand beside Since or Last.", nameof(options));
        }

        var answer = await AskAsync(
            "history", Delivery.Repeat, writer => CommandWriter.History(writer, channel, options ?? new HistoryOptions()), cancellationToken).ConfigureAwait(false);
        return answer.History(channel, _channels.Own);
    }

    /// <summary>Tells who listens to a channel that has presence.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="limit">The most members to list, from 1; null for as many as the server gives, at most 1,000. The count is always whole.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<ChannelPresence> PresenceAsync(string channel, int? limit = null, CancellationToken cancellationToken = default)
    {
        Check(channel);
        var answer = await AskAsync(
            "presence",
            Delivery.Repeat,
            writer =>
            {
                writer.WriteString("channel"u8, channel);
                if (limit is { } most)
                {
                    writer.WriteNumber("limit"u8, most);
                }
            },
            cancellationToken).ConfigureAwait(false);
        return answer.Presence();
    }

    /// <summary>Says what others are shown of this client in a channel that it follows.</summary>
    internal async Task TrackAsync(string channel, ReadOnlyMemory<byte> info, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_channels.Find(channel) is not { } shared)
            {
                return;
            }

            shared.Info = info;
            if (_session?.Subscriber.NeedsTrack(shared) != true)
            {
                return;
            }
        }

        await AskAsync("track", Delivery.Repeat, writer => CommandWriter.Track(writer, channel, info.Span), cancellationToken).ConfigureAwait(false);
    }

    private async Task<int?> SendJsonAsync(string to, byte[] json, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(to);
        var answer = await AskAsync(
            "send",
            Delivery.Once,
            writer =>
            {
                writer.WriteString("to"u8, to);
                CommandWriter.Raw(writer, "data"u8, json);
            },
            cancellationToken).ConfigureAwait(false);
        return answer.Whole("delivered") is { } delivered ? (int)Math.Min(delivered, int.MaxValue) : null;
    }

    private async Task<ServerFrame> AskAsync(
        string type, Delivery delivery, Action<Utf8JsonWriter> fields, CancellationToken cancellationToken, string? publishes = null, bool isUnwanted = false, ReadOnlyMemory<byte>? payload = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Start();
        var id = _outbox.NextId();
        var command = new PendingCommand(id, CommandWriter.Write(type, id, fields), delivery, payload)
        {
            OnSent = publishes is null ? null : () => _channels.Own.Sent(id, publishes),
            OnSettled = publishes is null ? null : position => _channels.Own.Settled(id, publishes, position, isUnwanted),
        };
        _outbox.Add(command);
        try
        {
            return await command.Answer.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _outbox.Withdraw(command);
            throw;
        }
    }
}

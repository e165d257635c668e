using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Actions;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.Engine;

/// <content>Channels.</content>
internal sealed partial class TidingsFacade
{
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public ValueTask<StreamPosition?> PublishAsync<T>(string channel, T data, PublishOptions? options, CancellationToken cancellationToken) => data switch
    {
        // Who has bytes means them: for these two, overload resolution prefers this method to that of ReadOnlyMemory<byte>.
        byte[] bytes => PublishBytesAsync(channel, bytes, options, cancellationToken),
        Memory<byte> bytes => PublishBytesAsync(channel, bytes, options, cancellationToken),
        _ => PublishCheckedAsync(channel, new MessageData(DataKind.Json, ToJson(data)), options, cancellationToken),
    };

    public ValueTask<StreamPosition?> PublishAsync<T>(string channel, T data, JsonTypeInfo<T> type, PublishOptions? options, CancellationToken cancellationToken) =>
        PublishCheckedAsync(channel, new MessageData(DataKind.Json, ToJson(data, type)), options, cancellationToken);

    public ValueTask<StreamPosition?> PublishAsync(string channel, ReadOnlyMemory<byte> data, PublishOptions? options, CancellationToken cancellationToken) =>
        PublishBytesAsync(channel, data, options, cancellationToken);

    private ValueTask<StreamPosition?> PublishBytesAsync(string channel, ReadOnlyMemory<byte> data, PublishOptions? options, CancellationToken cancellationToken) =>
        PublishCheckedAsync(channel, new MessageData(DataKind.Binary, data.ToArray()), options, cancellationToken);

    public ValueTask<StreamPosition?> PublishJsonAsync(string channel, ReadOnlyMemory<byte> json, PublishOptions? options, CancellationToken cancellationToken) =>
        PublishCheckedAsync(
            channel,
            new MessageData(DataKind.Json, JsonPayload.Copy(json.Span) ?? throw new ArgumentException($"The data must be one JSON value in UTF-8, of at most {JsonPayload.MaxDepth} levels.", nameof(json))),
            options,
            cancellationToken);

    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public ValueTask<StreamPosition?> BroadcastAsync<T>(T data, IEnumerable<string>? except, CancellationToken cancellationToken) =>
        actions.BroadcastAsync(ToJson(data), except, cancellationToken);

    public ValueTask<StreamPosition?> BroadcastAsync<T>(T data, JsonTypeInfo<T> type, IEnumerable<string>? except, CancellationToken cancellationToken) =>
        actions.BroadcastAsync(ToJson(data, type), except, cancellationToken);

    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public ValueTask<int> SendToUserAsync<T>(string user, T data, CancellationToken cancellationToken) =>
        SendAsync(user, ToJson(data), cancellationToken);

    public ValueTask<int> SendToUserAsync<T>(string user, T data, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(user, ToJson(data, type), cancellationToken);

    private ValueTask<int> SendAsync(string user, byte[] json, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(user);
        return actions.SendAsync(NodeTarget.User, user, json, cancellationToken);
    }

    public async ValueTask<StreamPosition> RemoveKeyAsync(string channel, string key, PublishOptions? options, CancellationToken cancellationToken)
    {
        Check(channel);
        ArgumentNullException.ThrowIfNull(key);
        CheckKey(key, nameof(key));
        CheckKey(options?.IdempotencyKey, "options.IdempotencyKey");
        CheckExcept(options?.Except, "options.Except");
        CheckState(channel);
        return (await actions.RemoveKeyAsync(channel, key, options, cancellationToken).ConfigureAwait(false)).GetValueOrDefault();
    }

    public async ValueTask<ChannelHistory> ReadStateAsync(string channel, CancellationToken cancellationToken)
    {
        Check(channel);
        CheckState(channel);
        var part = await actions.HistoryAsync(channel, new HistoryRequest(null, 0) { State = true }, cancellationToken).ConfigureAwait(false);
        return new ChannelHistory(part.Top, Recovered: true, [.. part.State.SelectMany(static one => one.State!.Entries).Select(PublicMessage.From)]);
    }

    private void CheckState(string channel)
    {
        if (!actions.HasState(channel))
        {
            throw new InvalidOperationException($"The channel \"{channel}\" keeps no state: its kind needs State (Tidings:Channels:n:State, WithState).");
        }
    }

    public ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken)
    {
        Check(channel);
        if (position is { } place)
        {
            ArgumentException.ThrowIfNullOrEmpty(place.Epoch, "position.Epoch");
        }

        return actions.EraseAsync(channel, position, cancellationToken);
    }

    public IAsyncEnumerable<ChannelMessage> SubscribeAsync(string channel, SubscribeOptions? options, CancellationToken cancellationToken)
    {
        Check(channel);
        options ??= new SubscribeOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.Last, "options.Last");
        ArgumentOutOfRangeException.ThrowIfLessThan(options.QueueLength, 1, "options.QueueLength");
        return new LocalEnumerable(this, channel, options, cancellationToken);
    }

    public ValueTask<int> DisconnectAsync(string userOrConnection, DisconnectCode? code, bool revoke, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(userOrConnection);
        var told = code ?? DisconnectCode.DisconnectedByServer;
        if (!DisconnectCode.IsValidOnWire(told.Code) || Encoding.UTF8.GetByteCount(told.Reason) > DisconnectCode.LongestReason)
        {
            throw new ArgumentException($"{told.Code} \"{told.Reason}\" cannot stand in a close frame: the code is 1000 to 1014 or 3000 to 4999, the reason at most {DisconnectCode.LongestReason} bytes.", nameof(code));
        }

        return new ValueTask<int>(disconnecting.UserOrConnectionAsync(userOrConnection, told, revoke).WaitAsync(cancellationToken));
    }

    public async ValueTask<ChannelPresence> PresenceAsync(string channel, int limit, CancellationToken cancellationToken)
    {
        Check(channel);
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var list = await actions.PresenceAsync(channel, limit, cancellationToken).ConfigureAwait(false);
        return new ChannelPresence([.. list.Members.Select(static member => new ChannelMember(member.User, member.Connections, member.Info) { Connection = member.Connection, UserInfo = member.UserInfo })], list.Count);
    }

    public async ValueTask<ChannelHistory> HistoryAsync(string channel, StreamPosition? since, int limit, CancellationToken cancellationToken)
    {
        Check(channel);
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var part = await actions.HistoryAsync(channel, new HistoryRequest(since, limit, limit), cancellationToken).ConfigureAwait(false);
        return new ChannelHistory(part.Top, part.Recovered, [.. part.Messages.Take(limit).Select(PublicMessage.From)]);
    }

    public async ValueTask<ChannelHistory> HistoryBeforeAsync(string channel, StreamPosition before, int limit, CancellationToken cancellationToken)
    {
        Check(channel);
        ArgumentException.ThrowIfNullOrEmpty(before.Epoch, "before.Epoch");
        ArgumentOutOfRangeException.ThrowIfNegative(before.Offset, "before.Offset");
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var part = await actions.HistoryAsync(channel, HistoryRequest.Backwards(before, limit), cancellationToken).ConfigureAwait(false);
        return new ChannelHistory(part.Top, part.Recovered, [.. part.Messages.Select(PublicMessage.From)]);
    }

    private ValueTask<StreamPosition?> PublishCheckedAsync(string channel, MessageData data, PublishOptions? options, CancellationToken cancellationToken)
    {
        Check(channel);
        CheckKey(options?.Key, "options.Key");
        CheckKey(options?.IdempotencyKey, "options.IdempotencyKey");
        CheckEvent(options?.Event, "options.Event");
        CheckExcept(options?.Except, "options.Except");
        return options is { Durable: true, Ephemeral: true }
            ? throw new ArgumentException("What is ephemeral cannot be durable.", nameof(options))
            : actions.PublishAsync(channel, data, options, cancellationToken);
    }

    private static void Check(string channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (!ChannelName.IsValid(channel))
        {
            throw new ArgumentException($"\"{channel}\" is no channel name: {ChannelName.Rule}.", nameof(channel));
        }
    }

    private static void CheckKey(string? key, string name)
    {
        if (key is not null && !MessageKey.IsValid(key))
        {
            throw new ArgumentException($"A key {MessageKey.Rule}.", name);
        }
    }

    private static void CheckEvent(string? value, string name)
    {
        if (value is not null && !EventName.IsValid(value))
        {
            throw new ArgumentException($"An event's name {EventName.Rule}.", name);
        }
    }

    private static void CheckExcept(IReadOnlyCollection<string>? except, string name)
    {
        if (except is not null && (except.Count > PublishOptions.MostExcepted || except.Any(static id => id is not { Length: > 0 and <= ChannelName.MaxBytes })))
        {
            throw new ArgumentException($"Except holds at most {PublishOptions.MostExcepted} ids of connections.", name);
        }
    }

    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    private byte[] ToJson<T>(T data) => CommandReader.WithoutLineBreaks(JsonSerializer.SerializeToUtf8Bytes(data, json));

    private static byte[] ToJson<T>(T data, JsonTypeInfo<T> type) => CommandReader.WithoutLineBreaks(JsonSerializer.SerializeToUtf8Bytes(data, type));

    // Each enumeration is a subscription of its own; either token ends it.
    private sealed class LocalEnumerable(TidingsFacade tidings, string channel, SubscribeOptions options, CancellationToken first) : IAsyncEnumerable<ChannelMessage>
    {
        public IAsyncEnumerator<ChannelMessage> GetAsyncEnumerator(CancellationToken cancellationToken) =>
            tidings.Listen(channel, options).ReadAsync(first).GetAsyncEnumerator(cancellationToken);
    }

    private LocalSubscription Listen(string channel, SubscribeOptions options) => new(hub, broker, channel, options);
}

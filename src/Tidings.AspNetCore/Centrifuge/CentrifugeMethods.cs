using System.Text.Json;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Protocol;
using Tidings.Protocol.Replies;
using static Tidings.AspNetCore.Centrifuge.CentrifugeFields;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>What came of a method of the HTTP API.</summary>
/// <param name="Error">The error's code; 0 where it was carried out.</param>
/// <param name="Result">The result's JSON.</param>
internal readonly record struct CentrifugeOutcome(int Error, ReadOnlyMemory<byte> Result)
{
    public static readonly CentrifugeOutcome Done = new(0, "{}"u8.ToArray());

    public static implicit operator CentrifugeOutcome(int error) => new(error, default);

    public static CentrifugeOutcome Of(JsonFrame frame) => new(0, frame.EndJson().ToArray());
}

/// <summary>The methods of the HTTP API, each with the parameters of its request.</summary>
internal sealed class CentrifugeMethods(Edge edge)
{
    private const int MostChannels = 1000;
    private const int MostMembers = 1000;

    private static readonly Dictionary<string, Func<CentrifugeMethods, JsonElement, CancellationToken, ValueTask<CentrifugeOutcome>>> All = new(StringComparer.Ordinal)
    {
        ["publish"] = static (methods, parameters, cancellationToken) => Text(parameters, "channel") is { } channel ? methods.PublishAsync(channel, parameters, cancellationToken) : new(CentrifugeCodes.BadRequest),
        ["broadcast"] = static (methods, parameters, cancellationToken) => methods.BroadcastAsync(parameters, cancellationToken),
        ["subscribe"] = static (methods, parameters, cancellationToken) => methods.SubscribeAsync(parameters, subscribes: true, cancellationToken),
        ["unsubscribe"] = static (methods, parameters, cancellationToken) => methods.SubscribeAsync(parameters, subscribes: false, cancellationToken),
        ["disconnect"] = static (methods, parameters, _) => methods.DisconnectAsync(parameters),
        ["refresh"] = static (methods, parameters, _) => methods.RefreshAsync(parameters),
        ["presence"] = static (methods, parameters, cancellationToken) => methods.PresenceAsync(parameters, counts: false, cancellationToken),
        ["presence_stats"] = static (methods, parameters, cancellationToken) => methods.PresenceAsync(parameters, counts: true, cancellationToken),
        ["history"] = static (methods, parameters, cancellationToken) => methods.HistoryAsync(parameters, cancellationToken),
        ["history_remove"] = static (methods, parameters, cancellationToken) => methods.RemoveHistoryAsync(parameters, cancellationToken),
        ["channels"] = static (methods, parameters, _) => new(methods.Channels(parameters)),
        ["info"] = static (methods, _, _) => new(methods.Info()),
    };

    /// <summary>Whether there is such a method.</summary>
    public static bool Has(string method) => All.ContainsKey(method);

    /// <summary>Carries a method out that there is.</summary>
    /// <exception cref="BrokerUnavailableException">The log, or the other nodes, cannot be reached.</exception>
    public ValueTask<CentrifugeOutcome> CarryOutAsync(string method, JsonElement parameters, CancellationToken cancellationToken) => All[method](this, parameters, cancellationToken);

    private async ValueTask<CentrifugeOutcome> PublishAsync(string channel, JsonElement parameters, CancellationToken cancellationToken)
    {
        if (!ChannelName.IsValid(channel) || DataOf(parameters) is not { Bytes.IsEmpty: false } data || !TryFlag(parameters, "skip_history", out var inPassing) || !TryNumber(parameters, "version", out var version)
            || !TryText(parameters, "idempotency_key", out var idempotencyKey) || !TryTags(parameters, out var name, out var key) || (idempotencyKey is not null && !MessageKey.IsValid(idempotencyKey)))
        {
            return CentrifugeCodes.BadRequest;
        }

        if (version > 0)
        {
            return CentrifugeCodes.NotAvailable;
        }

        if (data.Bytes.Length > edge.Node.Limits.Messages(binary: false).SoftLimit)
        {
            return CentrifugeCodes.LimitExceeded;
        }

        var options = new PublishOptions { Ephemeral = inPassing, IdempotencyKey = inPassing ? null : idempotencyKey, Event = name, Key = key };
        return await edge.Node.ServerActions.PublishAsync(channel, data, options, cancellationToken) is { } position ? Position(position) : CentrifugeOutcome.Done;
    }

    private async ValueTask<CentrifugeOutcome> BroadcastAsync(JsonElement parameters, CancellationToken cancellationToken)
    {
        if (!parameters.TryGetProperty("channels"u8, out var channels) || channels.ValueKind != JsonValueKind.Array || channels.GetArrayLength() is 0 or > MostChannels)
        {
            return CentrifugeCodes.BadRequest;
        }

        var outcomes = new List<CentrifugeOutcome>();
        foreach (var channel in channels.EnumerateArray())
        {
            outcomes.Add(channel.ValueKind == JsonValueKind.String ? await PublishAsync(channel.GetString()!, parameters, cancellationToken) : CentrifugeCodes.BadRequest);
        }

        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartArray("responses"u8);
        foreach (var outcome in outcomes)
        {
            frame.Writer.WriteStartObject();
            if (outcome.Error > 0)
            {
                CentrifugeJson.WriteError(frame, outcome.Error);
            }
            else
            {
                frame.Raw("result"u8, outcome.Result.Span);
            }

            frame.Writer.WriteEndObject();
        }

        frame.Writer.WriteEndArray();
        return CentrifugeOutcome.Of(frame);
    }

    private async ValueTask<CentrifugeOutcome> SubscribeAsync(JsonElement parameters, bool subscribes, CancellationToken cancellationToken)
    {
        if (Target(parameters) is not { } target || Channel(parameters) is not { } channel)
        {
            return CentrifugeCodes.BadRequest;
        }

        var actions = edge.Node.ServerActions;
        _ = subscribes
            ? await actions.SubscribeAsync(target.Kind, target.Name, channel, cancellationToken)
            : await actions.UnsubscribeAsync(target.Kind, target.Name, channel, cancellationToken);
        return CentrifugeOutcome.Done;
    }

    // Of their codes two things are taken over: whether clients come back.
    private async ValueTask<CentrifugeOutcome> DisconnectAsync(JsonElement parameters)
    {
        if (Target(parameters) is not { } target)
        {
            return CentrifugeCodes.BadRequest;
        }

        if (parameters.TryGetProperty("whitelist"u8, out var spared) && spared.ValueKind == JsonValueKind.Array && spared.GetArrayLength() > 0)
        {
            return CentrifugeCodes.NotAvailable;
        }

        var comesBack = parameters.TryGetProperty("disconnect"u8, out var told) && told.ValueKind == JsonValueKind.Object && TryNumber(told, "code", out var code) && code is (>= 3000 and < 3500) or (>= 4000 and < 4500);
        await EndAsync(target, comesBack ? DisconnectCode.Reconnect : DisconnectCode.DisconnectedByServer);
        return CentrifugeOutcome.Done;
    }

    private async ValueTask<CentrifugeOutcome> RefreshAsync(JsonElement parameters)
    {
        if (Target(parameters) is not { } target || !TryFlag(parameters, "expired", out var expired))
        {
            return CentrifugeCodes.BadRequest;
        }

        // A token says how long it holds; nothing else makes a connection last longer.
        if (!expired)
        {
            return CentrifugeCodes.NotAvailable;
        }

        await EndAsync(target, DisconnectCode.TokenExpired);
        return CentrifugeOutcome.Done;
    }

    private async Task EndAsync((NodeTarget Kind, string Name) target, DisconnectCode code)
    {
        if (target.Kind == NodeTarget.User)
        {
            await edge.Node.Disconnecting.UserAsync(target.Name, code, revoke: false);
        }
        else
        {
            await edge.Node.Disconnecting.ConnectionAsync(target.Name, code, revoke: false);
        }
    }

    private async ValueTask<CentrifugeOutcome> PresenceAsync(JsonElement parameters, bool counts, CancellationToken cancellationToken)
    {
        if (Channel(parameters) is not { } channel)
        {
            return CentrifugeCodes.BadRequest;
        }

        if (!edge.Node.Kinds.Find(channel).Presence)
        {
            return CentrifugeCodes.NotAvailable;
        }

        var list = await edge.Node.Presence.ReadAsync(ConnectionPresence.Of(channel), MostMembers, cancellationToken);
        var frame = JsonFrame.Begin();
        if (counts)
        {
            CentrifugeJson.WriteCounts(frame.Writer, list);
        }
        else
        {
            CentrifugeJson.WriteMembers(frame, list);
        }

        return CentrifugeOutcome.Of(frame);
    }

    private async ValueTask<CentrifugeOutcome> HistoryAsync(JsonElement parameters, CancellationToken cancellationToken)
    {
        StreamPosition? since = null;
        if (Channel(parameters) is not { } channel || !TryLimit(parameters, out var limit) || !TryFlag(parameters, "reverse", out var reverse)
            || (parameters.TryGetProperty("since", out var given) && given.ValueKind != JsonValueKind.Null && !TryPosition(given, out since)))
        {
            return CentrifugeCodes.BadRequest;
        }

        var position = since is { } asked ? await edge.Node.Subscribing.InEpochAsync(channel, asked) : default(StreamPosition?);
        var wanted = reverse && position is { } before ? HistoryRequest.Backwards(before, limit)
            : reverse ? new HistoryRequest(null, limit, limit)
            : position is null ? HistoryRequest.FromOldest(limit)
            : new HistoryRequest(position, 0, limit);
        var part = await edge.Node.Broker.ReadAsync(channel, wanted, cancellationToken);
        if (!part.Recovered)
        {
            return CentrifugeCodes.UnrecoverablePosition;
        }

        var frame = JsonFrame.Begin();
        CentrifugeJson.WriteHistoryFields(frame, part, reverse);
        return CentrifugeOutcome.Of(frame);
    }

    private async ValueTask<CentrifugeOutcome> RemoveHistoryAsync(JsonElement parameters, CancellationToken cancellationToken)
    {
        if (Channel(parameters) is not { } channel)
        {
            return CentrifugeCodes.BadRequest;
        }

        await edge.Node.ServerActions.EraseAsync(channel, position: null, cancellationToken);
        return CentrifugeOutcome.Done;
    }

    private CentrifugeOutcome Channels(JsonElement parameters)
    {
        if (!TryText(parameters, "pattern", out var pattern) || (pattern is not null && ChannelPattern.Fault(pattern) is not null))
        {
            return CentrifugeCodes.BadRequest;
        }

        var matching = pattern is null ? null : new ChannelPattern(pattern);
        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartObject("channels"u8);
        foreach (var (channel, subscribers) in edge.Node.Hub.List())
        {
            if (matching?.Matches(channel) != false)
            {
                frame.Writer.WriteStartObject(channel);
                frame.Writer.WriteNumber("num_clients"u8, subscribers);
                frame.Writer.WriteEndObject();
            }
        }

        frame.Writer.WriteEndObject();
        return CentrifugeOutcome.Of(frame);
    }

    private CentrifugeOutcome Info()
    {
        var node = edge.Node;
        var frame = JsonFrame.Begin();
        var writer = frame.Writer;
        writer.WriteStartArray("nodes"u8);
        writer.WriteStartObject();
        writer.WriteString("uid"u8, node.Id);
        writer.WriteString("name"u8, node.Server.Name);
        writer.WriteString("version"u8, node.Server.Version);
        writer.WriteNumber("num_clients"u8, node.Registry.Count);
        writer.WriteNumber("num_users"u8, node.Directory.Users.Count());
        writer.WriteNumber("num_channels"u8, node.Hub.Channels);
        writer.WriteNumber("num_subs"u8, node.Hub.Subscriptions);
        writer.WriteEndObject();
        writer.WriteEndArray();
        return CentrifugeOutcome.Of(frame);
    }

    private static CentrifugeOutcome Position(StreamPosition position)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteNumber("offset"u8, position.Offset);
        frame.Writer.WriteString("epoch"u8, position.Epoch);
        return CentrifugeOutcome.Of(frame);
    }

    private static MessageData DataOf(JsonElement parameters)
    {
        if (Text(parameters, CentrifugePublications.Bytes) is not { } encoded)
        {
            return new MessageData(DataKind.Json, Data(parameters));
        }

        // Of bytes that are JSON nobody can say that they are not meant so, as in the protocol itself.
        var bytes = Convert.FromBase64String(encoded);
        return JsonPayload.Copy(bytes) is { } json ? new MessageData(DataKind.Json, json) : new MessageData(DataKind.Binary, bytes);
    }

    private static string? Channel(JsonElement parameters) => Text(parameters, "channel") is { } channel && ChannelName.IsValid(channel) ? channel : null;

    private static (NodeTarget Kind, string Name)? Target(JsonElement parameters) =>
        Text(parameters, "client") is { } client ? (NodeTarget.Connection, client)
        : Text(parameters, "user") is { } user ? (NodeTarget.User, user)
        : null;

    private static string? Text(JsonElement parameters, string name) => TryText(parameters, name, out var text) ? text : null;

    // Of a publication's tags two are known here; the others, which no client of ours could filter by, go.
    private static bool TryTags(JsonElement parameters, out string? name, out string? key)
    {
        name = key = null;
        if (!parameters.TryGetProperty("tags"u8, out var tags) || tags.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        return tags.ValueKind == JsonValueKind.Object && TryText(tags, "event", out name) && TryText(tags, "key", out key)
            && (name is null || EventName.IsValid(name)) && (key is null || MessageKey.IsValid(key));
    }
}

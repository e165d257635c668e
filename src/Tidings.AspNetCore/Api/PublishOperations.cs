using System.Text.Json;
using Tidings.Actions;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Api;

/// <summary>Operations that say something: publish, broadcast, send.</summary>
internal static class PublishOperations
{
    private const int MostChannels = 1000;
    private const int MostExcepted = 1000;

    public static IEnumerable<ApiOperation> All(ServerActions actions) =>
    [
        new ApiOperation<PublishRequest>(
            "publish", "Publishes to one channel or to several.", ApiJson.Default.PublishRequest, typeof(PublishAnswer),
            (request, cancellationToken) => PublishAsync(actions, request, cancellationToken)),
        new ApiOperation<ToAllRequest>(
            "broadcast", "Publishes to everybody who is connected.", ApiJson.Default.ToAllRequest, typeof(ToAllAnswer),
            (request, cancellationToken) => BroadcastAsync(actions, request, cancellationToken)),
        new ApiOperation<SendRequest>(
            "send", "Sends to the connections that a user, a connection's id or a client's name has now.", ApiJson.Default.SendRequest, typeof(SendAnswer),
            (request, cancellationToken) => SendAsync(actions, request, cancellationToken)),
    ];

    private static async ValueTask<ApiOutcome> PublishAsync(ServerActions actions, PublishRequest request, CancellationToken cancellationToken)
    {
        var exceptFault = ApiChecks.Connections("except", request.Except, out var except);
        var dataFault = ApiChecks.Content(request, out var data);
        if ((Fault(actions, request) ?? dataFault ?? exceptFault) is { } fault)
        {
            return ApiOutcome.Bad(fault);
        }

        var options = new PublishOptions
        {
            Key = request.Key,
            Event = request.Event,
            IdempotencyKey = request.IdempotencyKey,
            Durable = request.Durable,
            Ephemeral = request.Ephemeral,
            Except = except,
        };
        if (request.Channel is { } channel)
        {
            var position = await SayAsync(channel);
            var answer = JsonFrame.Begin();
            WritePosition(answer, channel, position);
            return ApiOutcome.Of(answer);
        }

        // One after the other: a subscriber of two of the channels sees the order of the list.
        var positions = new List<(string Channel, StreamPosition? Position)>(request.Channels!.Count);
        foreach (var name in request.Channels)
        {
            positions.Add((name, await SayAsync(name)));
        }

        return Results(positions);

        ValueTask<StreamPosition?> SayAsync(string name) => request.Remove
            ? actions.RemoveKeyAsync(name, request.Key!, options, cancellationToken)
            : actions.PublishAsync(name, data, options, cancellationToken);
    }

    private static ApiOutcome Results(List<(string Channel, StreamPosition? Position)> positions)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartArray("results"u8);
        foreach (var (channel, position) in positions)
        {
            frame.Writer.WriteStartObject();
            WritePosition(frame, channel, position);
            frame.Writer.WriteEndObject();
        }

        frame.Writer.WriteEndArray();
        return ApiOutcome.Of(frame);
    }

    private static string? Fault(ServerActions actions, PublishRequest request)
    {
        if (request.Channel is null == request.Channels is null)
        {
            return "Exactly one of channel and channels is needed.";
        }

        if (request.Channels is { Count: 0 or > MostChannels })
        {
            return $"channels must hold 1 to {MostChannels} names.";
        }

        return (request.Channels ?? [request.Channel!]).Select(ApiChecks.Channel).FirstOrDefault(static fault => fault is not null)
            ?? (request.Remove ? RemovalFault(actions, request) : null)
            ?? ApiChecks.Key("key", request.Key)
            ?? ApiChecks.Key("idempotencyKey", request.IdempotencyKey)
            ?? ApiChecks.Event(request.Event)
            ?? (request is { Durable: true, Ephemeral: true } ? "What is ephemeral cannot be durable." : null);
    }

    private static string? RemovalFault(ServerActions actions, PublishRequest request) =>
        request is not { Data.ValueKind: JsonValueKind.Undefined, Data64: null, Event: null, Ephemeral: false } ? "remove does not stand beside data, event or ephemeral."
        : request.Key is null ? "remove needs a key."
        : (request.Channels ?? [request.Channel!]).FirstOrDefault(channel => !actions.HasState(channel)) is { } channel ? $"The channel {channel} keeps no state."
        : null;

    private static async ValueTask<ApiOutcome> BroadcastAsync(ServerActions actions, ToAllRequest request, CancellationToken cancellationToken)
    {
        if (ApiChecks.Data(request.Data) is { } fault)
        {
            return ApiOutcome.Bad(fault);
        }

        if (request.Except is { Count: > MostExcepted } || request.Except?.Contains(null!) == true)
        {
            return ApiOutcome.Bad($"except must hold at most {MostExcepted} users or connections.");
        }

        var position = await actions.BroadcastAsync(ApiChecks.BytesOf(request.Data), request.Except, cancellationToken);
        var answer = JsonFrame.Begin();
        WritePosition(answer, channel: null, position);
        return ApiOutcome.Of(answer);
    }

    private static async ValueTask<ApiOutcome> SendAsync(ServerActions actions, SendRequest request, CancellationToken cancellationToken)
    {
        if (ApiChecks.Data(request.Data) is { } missing)
        {
            return ApiOutcome.Bad(missing);
        }

        var (target, name) = request switch
        {
            { User: { } user, Connection: null, Client: null, To: null } => (NodeTarget.User, user),
            { User: null, Connection: { } connection, Client: null, To: null } => (NodeTarget.Connection, connection),
            { User: null, Connection: null, Client: { } client, To: null } => (NodeTarget.Client, client),
            { User: null, Connection: null, Client: null, To: { } to } => (NodeTarget.UserOrConnection, to),
            _ => default((NodeTarget, string?)),
        };
        return name is null
            ? ApiOutcome.Bad("Exactly one of user, connection, client and to is needed.")
            : ApiOutcome.Of("delivered", await actions.SendAsync(target, name, ApiChecks.BytesOf(request.Data), cancellationToken));
    }

    private static void WritePosition(JsonFrame frame, string? channel, StreamPosition? position)
    {
        if (channel is not null)
        {
            frame.Writer.WriteString("channel"u8, channel);
        }

        if (position is { } at)
        {
            frame.Writer.WriteString("epoch"u8, at.Epoch);
            frame.Writer.WriteNumber("offset"u8, at.Offset);
        }
    }
}

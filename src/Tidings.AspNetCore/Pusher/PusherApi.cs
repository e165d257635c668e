using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Pusher;

/// <summary>The HTTP API of one application of the Pusher protocol. Errors are a line of text, as the protocol's libraries show them.</summary>
internal sealed class PusherApi(Edge edge, PusherApp app)
{
    private const int MostChannels = 100;
    private const int MostEvents = 10;
    private const int ChannelsPerPage = 1000;
    private const string NoPresence = "user_count and users are of presence channels alone";

    /// <summary>Answers a request whose signature holds.</summary>
    /// <param name="context">The request.</param>
    /// <param name="operation">What it asks for.</param>
    public async Task ServeAsync(HttpContext context, Func<HttpContext, ReadOnlyMemory<byte>, Task<IResult>> operation)
    {
        // An event has at most as much data as any other message; JSON may write each byte of a text as six.
        var largest = Math.Min((6L * MostEvents * edge.Node.Limits.Messages(binary: false).SoftLimit) + 4096, Array.MaxLength);
        var (body, refusal) = await ApiBody.ReadAsync(context, (int)largest);
        if (refusal is null && PusherSignature.Refuse(context.Request, app, body.Span, edge.Node.Time.GetUtcNow()) is { } why)
        {
            refusal = Text($"The request is not authorized: {why}.", StatusCodes.Status401Unauthorized);
        }

        try
        {
            refusal ??= await operation(context, body);
        }
        catch (BrokerUnavailableException)
        {
            refusal = Text("The log cannot be reached.", StatusCodes.Status503ServiceUnavailable);
        }

        await refusal.ExecuteAsync(context);
    }

    public async Task<IResult> PublishAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        if (Read(body, PusherJson.Default.PusherEvent) is not { } said)
        {
            return Bad("The body must be JSON of the form {\"name\",\"data\",\"channels\"}.");
        }

        if (Fault(said) is { } fault)
        {
            return Bad(fault);
        }

        await PublishAsync(said);
        return Empty;
    }

    public async Task<IResult> PublishBatchAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        if (Read(body, PusherJson.Default.PusherBatch)?.Batch is not { } batch)
        {
            return Bad("The body must be JSON of the form {\"batch\":[{\"name\",\"data\",\"channel\"}]}.");
        }

        if (batch.Count > MostEvents)
        {
            return Bad($"A batch has at most {MostEvents} events.");
        }

        // All or nothing, as far as what is wrong with them goes.
        foreach (var said in batch)
        {
            if ((said is null ? "An event is null." : Fault(said)) is { } fault)
            {
                return Bad(fault);
            }
        }

        foreach (var said in batch)
        {
            await PublishAsync(said);
        }

        return Empty;
    }

    public async Task<IResult> ChannelAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        var channel = (string)context.Request.RouteValues["channel"]!;
        var info = Info(context);
        if (!PusherApp.IsChannel(channel))
        {
            return Bad("This is no channel's name.");
        }

        if (info.Contains("user_count") && !IsPresence(channel))
        {
            return Bad(NoPresence);
        }

        var count = (await edge.Node.Inventory.CountAsync([app.ToLog(channel)], cancellationToken: context.RequestAborted)).Counts[app.ToLog(channel)];
        var users = IsPresence(channel) ? (await edge.Node.Presence.ReadAsync(app.ToLog(channel), 0)).Count : 0;
        var frame = JsonFrame.Begin();
        frame.Writer.WriteBoolean("occupied"u8, count > 0 || users > 0);
        WriteInfo(frame.Writer, info, count, users);
        return Json(frame);
    }

    public async Task<IResult> ChannelsAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        var prefix = context.Request.Query["filter_by_prefix"].ToString();
        var info = Info(context);
        if (info.Contains("user_count") && !IsPresence(prefix))
        {
            return Bad(NoPresence);
        }

        var found = new List<(string Channel, int Count, int Users)>();
        await foreach (var (channel, count) in ListAsync(context.RequestAborted))
        {
            if (!channel.StartsWith(ChannelName.UserPrefix, StringComparison.Ordinal) && app.FromLog(channel) is { } name && name.StartsWith(prefix, StringComparison.Ordinal))
            {
                found.Add((name, count, info.Contains("user_count") ? (await edge.Node.Presence.ReadAsync(channel, 0)).Count : 0));
            }
        }

        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartObject("channels"u8);
        foreach (var (channel, count, users) in found)
        {
            frame.Writer.WriteStartObject(channel);
            WriteInfo(frame.Writer, info, count, users);
            frame.Writer.WriteEndObject();
        }

        frame.Writer.WriteEndObject();
        return Json(frame);
    }

    // Over all nodes, page by page.
    private async IAsyncEnumerable<(string Channel, int Count)> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        do
        {
            var page = await edge.Node.Inventory.ChannelsAsync(new NodeListQuery { Of = NodeListKind.Channels, Prefix = app.ToLog(""), After = after, Limit = ChannelsPerPage }, cancellationToken: cancellationToken);
            foreach (var row in page.Rows)
            {
                yield return (row.Name, row.Count);
            }

            after = page.Next;
        }
        while (after is not null);
    }

    public async Task<IResult> UsersAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        var channel = (string)context.Request.RouteValues["channel"]!;
        if (!PusherApp.IsChannel(channel) || !IsPresence(channel))
        {
            return Bad(NoPresence);
        }

        var list = await edge.Node.Presence.ReadAsync(app.ToLog(channel), int.MaxValue);
        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartArray("users"u8);
        foreach (var member in list.Members)
        {
            frame.Writer.WriteStartObject();
            frame.Writer.WriteString("id"u8, member.User);
            frame.Writer.WriteEndObject();
        }

        frame.Writer.WriteEndArray();
        return Json(frame);
    }

    public async Task<IResult> TerminateAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        var user = (string)context.Request.RouteValues["user"]!;
        if (!app.IsOwnUser(user))
        {
            return Bad("This is no user of the application.");
        }

        await edge.Node.Facade.DisconnectAsync(app.UserName(user), cancellationToken: context.RequestAborted);
        return Empty;
    }

    private static readonly IResult Empty = Results.Text("{}", "application/json");

    private string? Fault(PusherEvent said) =>
        said.Name is not { } name || !EventName.IsValid(name) ? $"name {EventName.Rule}."
        : PusherReader.IsReserved(name) ? "Events that begin with pusher: or pusher_internal: are the server's own."
        : said.Data is not { } data ? "data must be a text."
        : Encoding.UTF8.GetByteCount(data) > edge.Node.Limits.Messages(binary: false).SoftLimit ? "data is too large."
        : Channels(said) is not { Count: > 0 and <= MostChannels } channels ? $"channels must have 1 to {MostChannels} names."
        : channels.FirstOrDefault(static channel => channel is null || !PusherApp.IsChannel(channel)) is { } wrong ? $"{(wrong.Length > 40 ? wrong[..40] : wrong)} is no channel's name."
        : null;

    private static IReadOnlyList<string>? Channels(PusherEvent said) => said.Channels ?? (said.Channel is { } one ? [one] : null);

    private async Task PublishAsync(PusherEvent said)
    {
        var data = MessageData.Text(said.Data!);
        var except = said.SocketId is { Length: > 0 and <= 64 } id ? ExceptList.OfConnections([id]) : null;
        foreach (var channel in Channels(said)!.Distinct())
        {
            var name = app.ToLog(channel);
            await edge.Node.Broker.PublishAsync(new Publication(name, data) { Event = said.Name, Except = except, Retention = edge.Node.Kinds.Find(name).Retention }, CancellationToken.None);
        }
    }

    private static bool IsPresence(string channel) => channel.StartsWith("presence-", StringComparison.Ordinal);

    private static HashSet<string> Info(HttpContext context) => [.. context.Request.Query["info"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static void WriteInfo(Utf8JsonWriter writer, HashSet<string> info, int subscriptions, int users)
    {
        if (info.Contains("user_count"))
        {
            writer.WriteNumber("user_count"u8, users);
        }

        if (info.Contains("subscription_count"))
        {
            writer.WriteNumber("subscription_count"u8, subscriptions);
        }
    }

    private static T? Read<T>(ReadOnlyMemory<byte> body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IResult Json(JsonFrame frame) => Results.Text(Encoding.UTF8.GetString(frame.EndJson()), "application/json");

    private static IResult Bad(string text) => Text(text, StatusCodes.Status400BadRequest);

    private static IResult Text(string text, int status) => Results.Text(text, "text/plain", statusCode: status);
}

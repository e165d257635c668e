using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Events;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>Back ends and handlers that are told of events: what waits for them, what they did not take, and why.</summary>
internal sealed class DashboardReceivers(Edge tidings)
{
    private const int LargestBody = 4096;

    /// <summary>What is answered where nobody is told.</summary>
    public static IResult Nobody => Problems.Create(ErrorCode.Conflict, "Nobody is told of events: Tidings:Events:0:Url names a back end that is.");

    /// <summary><c>GET /dashboard/data/receivers</c>: over all nodes.</summary>
    public async Task<IResult> ListAsync(HttpContext context)
    {
        var events = tidings.Node.Events;
        var receivers = new List<ReceiverView>(events.Deliveries.Count);
        try
        {
            for (var i = 0; i < events.Deliveries.Count; i++)
            {
                var figures = await events.Store!.CountAsync(i);
                var receiver = events.Deliveries[i].Receiver;
                receivers.Add(new ReceiverView(receiver.Id, receiver.Name, figures.Events, figures.Bytes, figures.Trimmed, figures.State is { } state ? JsonElement.Parse(state) : null));
            }
        }
        catch (BrokerUnavailableException error)
        {
            return Problems.Unavailable(error.Message);
        }

        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new ReceiversView(receivers), ReceiversJson.Default.ReceiversView);
    }

    /// <summary><c>POST /dashboard/data/receivers/retry</c> with <c>receiver</c>: what waits to be told again is told within two seconds, by whatever node delivers.</summary>
    public async Task<IResult> RetryAsync(HttpContext context)
    {
        if (tidings.ApiAccess.Refuse(context.Request, out _) is { } refusal)
        {
            return refusal;
        }

        var body = await ApiBody.ReadAsync(context, LargestBody);
        if (body.Refusal is { } unread)
        {
            return unread;
        }

        var (order, fault) = ApiFaults.Read(body.Bytes, ReceiversJson.Default.RetryOrder);
        if (order is null)
        {
            return Problems.BadRequest(fault ?? "receiver must be the id of one.");
        }

        var events = tidings.Node.Events;
        var index = events.Deliveries.Index().Where(one => one.Item.Receiver.Id == order.Receiver).Select(static one => one.Index).DefaultIfEmpty(-1).First();
        if (index < 0)
        {
            return Problems.BadRequest("receiver must be the id of one that is told of events.");
        }

        try
        {
            await events.Store!.AskAsync(index, EventAsk.Retry);
            return TypedResults.Json(order, ReceiversJson.Default.RetryOrder);
        }
        catch (BrokerUnavailableException error)
        {
            return Problems.Unavailable(error.Message);
        }
    }
}

internal sealed record ReceiversView(IReadOnlyList<ReceiverView> Receivers);

/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Waiting">Events that wait.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Trimmed">Events that were dropped, and it was not told of.</param>
/// <param name="Delivery">What the delivery is like; absent where none has begun.</param>
internal sealed record ReceiverView(string Id, string Name, long Waiting, long Bytes, long Trimmed, JsonElement? Delivery);

internal sealed record RetryOrder(string? Receiver);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReceiversView))]
[JsonSerializable(typeof(RetryOrder))]
internal sealed partial class ReceiversJson : JsonSerializerContext;

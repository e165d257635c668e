using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Pushes into text rooms from HTTP.</summary>
public static class BroadcastEndpoint
{
    // JSON may write each byte of text as six.
    private const int LargestJsonEscape = 6;

    /// <summary>Maps <c>POST /broadcast</c> with <c>{"content","room"}</c>: publishes into a text room and answers <c>{"status":"sent"}</c>.</summary>
    /// <remarks>Needs <c>Tidings:ApiKey</c> or <c>Tidings:AdminKey</c> as bearer token; in the environment Development, and as long as there is no key, direct local requests need none (docs/security.md#trying-it-out).</remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route.</param>
    public static IEndpointConventionBuilder MapBroadcast(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/broadcast")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetRequiredService<Edge>();
        var route = endpoints.MapPost(pattern, async (HttpContext context) =>
        {
            var result = tidings.ApiAccess.Refuse(context.Request, out _) ?? await BroadcastAsync(context, tidings, tidings.Node.Limits.Messages(binary: false).SoftLimit);
            await result.ExecuteAsync(context);
        });
        RouteDescription.Add(
            route, "room_broadcast", "Publishes a text into a room.", ((Action<BroadcastRequest>)DescribeBody).Method, typeof(BroadcastAnswer),
            "application/json", [400, 401, 413, 429, 503]);
        return route;
    }

    // For the OpenAPI document alone.
    private static void DescribeBody(BroadcastRequest body)
    {
    }

    private static async Task<IResult> BroadcastAsync(HttpContext context, Edge tidings, int largest)
    {
        var most = Math.Min(((long)largest * LargestJsonEscape) + 1024, Array.MaxLength);
        var (body, refusal) = await ApiBody.ReadAsync(context, (int)most, tidings.ApiAccess.IsShown(context.Request), $"Message too large: at most {largest} bytes.");
        if (refusal is not null)
        {
            return refusal;
        }

        BroadcastRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(body.Span, BroadcastJson.Default.BroadcastRequest);
        }
        catch (JsonException)
        {
            return Problems.BadRequest("""The body must be JSON of the form {"content":"text","room":"lobby"}.""");
        }

        if (request?.Content is not { } content || request.Room is not { } room)
        {
            return Problems.BadRequest("""Both "content" and "room" must be strings.""");
        }

        if (!ChannelName.IsValidRoom(room))
        {
            return Problems.BadRequest("A room's name is 1 to 250 bytes of letters and digits (Unicode's form C) and _ . : - @.");
        }

        if (Encoding.UTF8.GetByteCount(content) > largest)
        {
            return Problems.TooLarge($"Message too large: at most {largest} bytes.");
        }

        try
        {
            var channel = ChannelName.RoomPrefix + room;
            await tidings.Node.Broker.PublishAsync(
                new Publication(channel, MessageData.Text(content)) { Retention = tidings.Node.Kinds.Find(channel).Retention }, CancellationToken.None);
        }
        catch (BrokerUnavailableException error)
        {
            return Problems.Unavailable(error.Message);
        }

        return TypedResults.Json(new BroadcastAnswer("sent"), BroadcastJson.Default.BroadcastAnswer);
    }
}

internal sealed record BroadcastRequest(
    [property: Description("The text. Members see [room] and the text with <, >, &, \" and ' escaped.")] string? Content,
    [property: Description("The room: the last part of its address /ws/{room}, 1 to 250 bytes.")] string? Room);

internal sealed record BroadcastAnswer([property: Description("sent.")] string Status);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(BroadcastRequest))]
[JsonSerializable(typeof(BroadcastAnswer))]
internal sealed partial class BroadcastJson : JsonSerializerContext;

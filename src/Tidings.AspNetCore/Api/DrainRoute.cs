using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tidings.AspNetCore.Services;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Api;

/// <summary><c>POST /api/drain</c>: sends this node's clients away, and takes no new ones. The process goes on.</summary>
internal static class DrainRoute
{
    private const string Json = "application/json";

    private static readonly int[] FaultStatuses = [401];

    public static void Map(IEndpointRouteBuilder endpoints, Edge tidings)
    {
        var route = endpoints.MapMethods("/drain", [HttpMethods.Post], async context =>
            await (tidings.AdminAccess.Refuse(context.Request, out _) ?? Begin(context, tidings)).ExecuteAsync(context));
        RouteDescription.Add(
            route, "drain", "Sends this node's clients away, a few at a time, and takes no new ones. The process goes on.",
            ((Delegate)Describe).Method, typeof(DrainAnswer), Json, FaultStatuses, StatusCodes.Status202Accepted);
    }

    private static IResult Begin(HttpContext context, Edge tidings)
    {
        _ = tidings.Node.Drain.RunOnce();
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("status"u8, "draining"u8);
        frame.Writer.WriteNumber("connections"u8, tidings.Node.Registry.Count);
        frame.Writer.WriteNumber("remaining"u8, (long)tidings.Node.Drain.Remaining.TotalMilliseconds);
        frame.Writer.WriteBoolean("stops"u8, context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
        var answer = frame.EndJson().ToArray();
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        return TypedResults.Bytes(answer, Json);
    }

    // For the OpenAPI document alone.
    private static void Describe()
    {
    }
}

internal sealed record DrainAnswer(
    [property: Description("draining.")] string Status,
    [property: Description("How many connections are still here.")] int Connections,
    [property: Description("Milliseconds until the last of them is closed.")] long Remaining,
    [property: Description("Whether the process then ends.")] bool Stops);

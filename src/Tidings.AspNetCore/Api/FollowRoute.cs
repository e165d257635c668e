using System.ComponentModel;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Diagnostics;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Api;

/// <summary><c>GET /api/connections/{connection}/frames</c>: what one connection says and gets, as it does, for those who run the server.</summary>
internal sealed partial class FollowRoute(Edge tidings, LiveEvents live, ILogger<FollowRoute> log)
{
    private const int LongestName = 255;

    private static readonly int[] FaultStatuses = [401, 403, 404, 409, 429, 503];

    public static void Map(IEndpointRouteBuilder endpoints, Edge tidings)
    {
        var services = endpoints.ServiceProvider;
        var here = new FollowRoute(tidings, new LiveEvents(tidings, services.GetRequiredService<IHostApplicationLifetime>()), services.GetRequiredService<ILogger<FollowRoute>>());
        var route = endpoints.MapMethods("/connections/{connection}/frames", [HttpMethods.Get], async context => await (await here.ServeAsync(context)).ExecuteAsync(context));
        RouteDescription.Add(
            route, "frames", "What one connection of this node says and gets from now on, secrets masked, as Server-Sent Events: for ten minutes at most, and each look is logged.",
            ((Delegate)Describe).Method, typeof(string), "text/event-stream", FaultStatuses);
    }

    private async Task<IResult> ServeAsync(HttpContext context)
    {
        if (tidings.AdminAccess.Refuse(context.Request, out _) is { } refusal)
        {
            return refusal;
        }

        if (context.Features.Get<AdminSession>() is { MayAct: false })
        {
            return Problems.Create(ErrorCode.NotAllowed, "Viewers do not see what connections say: operators do.");
        }

        var name = (string)context.Request.RouteValues["connection"]!;
        if (await tidings.Node.Followers.FindAsync(name) is not { } connection)
        {
            return await ExplainAsync(name, context.RequestAborted);
        }

        if (tidings.Node.Followers.TryBegin(connection) is not { } following)
        {
            return Problems.Create(ErrorCode.TooMany, $"At most {ConnectionFollowers.MostOfConnection} may follow a connection at a time, and {ConnectionFollowers.MostOfNode} all of a node's.");
        }

        context.Response.RegisterForDispose(following);
        context.Response.Headers.CacheControl = "no-store";
        return live.Serve(context, ConnectionFollowers.Longest + TimeSpan.FromSeconds(1), cancellationToken => FollowAsync(context, following, cancellationToken));
    }

    private async Task<IResult> ExplainAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            if (name.Length <= LongestName && await tidings.Node.Inventory.NodeOfAsync(name, cancellationToken) is { } node)
            {
                return Problems.Create(ErrorCode.Conflict, $"That connection belongs to node {node}: ask that node.");
            }
        }
        catch (BrokerUnavailableException error)
        {
            return Problems.Unavailable(error.Message);
        }

        return TypedResults.Problem("No node has such a connection.", statusCode: StatusCodes.Status404NotFound, extensions: [new("code", ErrorCode.NotAllowed.ToWire())]);
    }

    private async IAsyncEnumerable<SseItem<string>> FollowAsync(HttpContext context, ConnectionFollowers.Following following, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (who, address) = (WhoAsks(context), AddressKey.From(context.Connection.RemoteIpAddress));
        var name = LogText.Clean(FrameEvents.NameOf(following.Connection), LongestName);
        var user = following.Connection.Identity is { } identity ? "user " + LogText.Clean(identity.User, LongestName) : "somebody anonymous";
        var events = new FrameEvents(following);
        var begun = tidings.Node.Time.GetTimestamp();
        LogBegan(log, who, address, name, user);
        try
        {
            await foreach (var item in events.ReadAsync(tidings.Node.Time.GetUtcNow() + ConnectionFollowers.Longest, cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            following.Dispose();
            LogEnded(log, who, address, name, (long)tidings.Node.Time.GetElapsedTime(begun).TotalSeconds, events.Shown, events.Skipped);
        }
    }

    private string WhoAsks(HttpContext context) => context.Features.Get<AdminSession>() switch
    {
        { User: { } user } => LogText.Clean(user, LongestName),
        null when !tidings.AdminAccess.IsShown(context.Request) => "a program on this machine",
        _ => "a holder of the admin key",
    };

    // For the OpenAPI document alone.
    private static void Describe([Description("The connection's id, as GET /api/connections and the dashboard have it.")] string connection)
    {
    }

    [LoggerMessage(646, LogLevel.Information, "{Who} at {Address} follows connection {Connection} of {User}, and sees what it says and gets")]
    private static partial void LogBegan(ILogger logger, string who, AddressKey address, string connection, string user);

    [LoggerMessage(647, LogLevel.Information, "{Who} at {Address} followed connection {Connection} for {Seconds} s: {Frames} frames shown, {Skipped} skipped")]
    private static partial void LogEnded(ILogger logger, string who, AddressKey address, string connection, long seconds, long frames, long skipped);
}

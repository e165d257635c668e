using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Pressure;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The server API: what back ends in any language call.</summary>
public static class ApiEndpoints
{
    private const string Json = "application/json";

    private static readonly int[] FaultStatuses = [400, 401, 409, 413, 429, 503];

    /// <summary>Maps the server API: <c>publish</c>, <c>broadcast</c>, <c>send</c>, <c>subscribe</c>, <c>unsubscribe</c>, <c>disconnect</c>,
    /// <c>presence</c>, <c>history</c>, <c>erase</c> (DELETE <c>history</c>), <c>channels</c>, <c>connections</c>, <c>users</c>, <c>info</c> and <c>batch</c>; and <c>connections/{connection}/frames</c> and <c>drain</c>, which need
    /// <c>Tidings:AdminKey</c>.</summary>
    /// <remarks>Needs <c>Tidings:ApiKey</c> or <c>Tidings:AdminKey</c> as bearer token; in the environment Development, and as long as there is no key, direct local requests need none (docs/security.md#trying-it-out). Errors are problems
    /// (RFC 9457) with the <c>code</c> of the channel protocol.</remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="prefix">What stands before the routes.</param>
    public static IEndpointConventionBuilder MapTidingsApi(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "/api")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetTidings();
        var group = endpoints.MapGroup(prefix);
        foreach (var operation in Operations(tidings))
        {
            var route = group.MapMethods("/" + (operation.Route ?? operation.Name), [operation.Method], async context =>
            {
                var result = tidings.ApiAccess.Refuse(context.Request, out var rate) ?? await RunAsync(
                    context, operation, tidings.Node.Limits.Messages(binary: false).HardLimit, tidings.ApiAccess.IsShown(context.Request), rate);
                await result.ExecuteAsync(context);
            });
            Describe(route, operation);
        }

        FollowRoute.Map(group, tidings);
        DrainRoute.Map(group, tidings);
        return group;
    }

    /// <summary>Maps the AsyncAPI document of the channel protocol, with what the application declares by <c>MapChannel</c>, <c>MapCall</c>, <c>MapTasks</c> and <c>MapResource</c>.</summary>
    /// <remarks>It has the names and types of all of these: where they are nobody's business, say so, as by <c>RequireAuthorization</c>.</remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route.</param>
    /// <param name="connect">Where the channel protocol is served.</param>
    public static IEndpointConventionBuilder MapAsyncApi(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/asyncapi.json", string connect = "/connect")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetTidings();

        // What the application declares is known when it has started.
        var document = new Lazy<byte[]>(() => AsyncApiDocument.Write(connect, tidings));
        return endpoints.MapMethods(pattern, [HttpMethods.Get], context => TypedResults.Bytes(document.Value, Json).ExecuteAsync(context));
    }

    private static List<ApiOperation> Operations(Edge tidings)
    {
        List<ApiOperation> operations =
        [
            .. PublishOperations.All(tidings.Node.ServerActions),
            .. ConnectionOperations.All(tidings.Node.ServerActions, tidings.Node.Disconnecting),
            .. ReadOperations.All(tidings.Node.ServerActions, tidings.Node.Shedder),
            .. ListOperations.All(tidings),
            .. UserOperations.All(tidings.Node.Inventory),
        ];
        return [.. operations, new BatchOperation(operations).Operation];
    }

    private static async ValueTask<IResult> RunAsync(HttpContext context, ApiOperation operation, int largest, bool server, SharedRate rate)
    {
        ApiOutcome outcome;
        if (operation.Query is not null)
        {
            // What is begun to be erased is erased, whether the caller stays or not.
            outcome = await operation.RunAsync(QueryOf(context, operation), operation.Erases ? CancellationToken.None : context.RequestAborted);
        }
        else
        {
            var body = await ApiBody.ReadAsync(context, largest, server);
            if (body.Refusal is { } refusal)
            {
                return refusal;
            }

            // A request that was read is carried out as a whole, whether its caller stays or not.
            outcome = await operation.RunAsync(body.Bytes, CancellationToken.None);
        }

        rate.Overdraw(outcome.Commands - 1);
        if (outcome.Fault is { Code: ErrorCode.Unavailable })
        {
            context.Response.Headers.RetryAfter = RetryAfter.Seconds(LoadShedder.RetryAfter);
        }

        return outcome.Fault is { } fault ? Problems.Create(fault.Code, fault.Detail) : TypedResults.Bytes(outcome.Json!, Json);
    }

    // What stands in the path goes before what stands behind it. Of all that is encoded, routing leaves a slash.
    private static IQueryCollection QueryOf(HttpContext context, ApiOperation operation) =>
        operation.RouteValue is { } name && context.Request.RouteValues[name] is string { Length: > 0 } value
            ? new QueryCollection(new Dictionary<string, StringValues>(context.Request.Query) { [name] = value.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase) })
            : context.Request.Query;

    private static void Describe(IEndpointConventionBuilder route, ApiOperation operation) =>
        RouteDescription.Add(route, operation.Name, operation.Summary, operation.Query ?? operation.Body, operation.Answer, Json, FaultStatuses);
}

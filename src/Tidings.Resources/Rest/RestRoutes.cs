using System.Data.Common;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings.Resources.Rest;

/// <summary>The REST routes of a resource.</summary>
internal sealed class RestRoutes<TEntity, TContext>(Edge edge, ResourceDefinition<TEntity> definition, LiveContext live)
    where TEntity : class
    where TContext : DbContext
{
    private const string Json = "application/json";
    private const string RetryAfterSeconds = "2";

    private static readonly int[] ReadFaults = [400, 401, 403, 404, 429, 503];
    private static readonly int[] WriteFaults = [400, 401, 403, 404, 409, 412, 413, 415, 429, 503];

    public IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string pattern)
    {
        var group = endpoints.MapGroup(pattern);
        var name = definition.Name;
        var by = new RestHandler<TEntity>(definition);
        Add(group.MapGet("", context => ServeAsync(context, by.ListAsync)), $"{name}_list", $"Lists {name}: filter by members (?name=value), sort by members (?sort=name,-price), and take pages (?limit, ?offset).", DescribeList, typeof(JsonElement[]), ReadFaults);
        Add(group.MapGet("/{id}", context => ServeAsync(context, by.GetAsync)), $"{name}_get", $"One of {name}.", DescribeRow, typeof(JsonElement), ReadFaults);
        Add(group.MapPost("", context => ServeAsync(context, by.CreateAsync)), $"{name}_create", $"Adds one to {name}.", DescribeBody, typeof(JsonElement), WriteFaults);
        Add(group.MapPut("/{id}", context => ServeAsync(context, by.ReplaceAsync)), $"{name}_replace", $"Writes all members of one of {name}.", DescribeRowAndBody, typeof(JsonElement), WriteFaults);
        Add(group.MapPatch("/{id}", context => ServeAsync(context, by.PatchAsync)), $"{name}_patch", $"Writes some members of one of {name}.", DescribeRowAndBody, typeof(JsonElement), WriteFaults);
        Add(group.MapDelete("/{id}", context => ServeAsync(context, by.DeleteAsync)), $"{name}_delete", $"Deletes one of {name}.", DescribeRow, typeof(void), WriteFaults);
        return group;
    }

    private static void Add(IEndpointConventionBuilder route, string name, string summary, Delegate signature, Type answer, int[] faults) =>
        RouteDescription.Add(route, name, summary, signature.Method, answer, Json, faults);

    private async Task ServeAsync(HttpContext context, Func<HttpContext, DbContext, Task<IResult>> handler)
    {
        context.Response.Headers.CacheControl = "no-store";
        var metadata = context.GetEndpoint()!.Metadata;
        var result = metadata.GetMetadata<IAuthorizeData>() is null && metadata.GetMetadata<IAllowAnonymous>() is null ? edge.ApiAccess.Refuse(context.Request, out _) : null;
        if (result is null)
        {
            try
            {
                result = await live.UseAsync(db => handler(context, db));
                live.Outages.DatabaseAnswered();
            }
            catch (RestFault fault)
            {
                result = fault.Result;
            }
            catch (Exception error) when (DatabaseFault.IsPassing(error) && !context.RequestAborted.IsCancellationRequested)
            {
                live.Outages.DatabaseFailed(error);
                context.Response.Headers.RetryAfter = RetryAfterSeconds;
                result = Problems.Unavailable(error is BrokerUnavailableException ? error.Message : "The database cannot be reached.");
            }
            catch (Exception error) when (error is DbException or InvalidCastException or ArgumentException && DatabaseFault.IsOfValue(error))
            {
                // What the columns' rules let through and the database does not: a value of the request, whichever it is.
                OutboxLog.ValueRefused(live.Log, definition.Name, error.Message);
                result = Problems.BadRequest("The database refuses a value of this request.");
            }
        }

        await result.ExecuteAsync(context);
    }

    // For the OpenAPI document alone.
    private static void DescribeList(int? limit, int? offset, string? sort)
    {
    }

    private static void DescribeRow(string id)
    {
    }

    private static void DescribeBody(JsonElement body)
    {
    }

    private static void DescribeRowAndBody(string id, JsonElement body)
    {
    }
}

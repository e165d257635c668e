using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Tidings.Brokers;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Api;

/// <summary>One thing that the server API does: a route, and where it makes sense a command of a batch.</summary>
internal abstract class ApiOperation(string name, string summary, Type answer)
{
    /// <summary>The name in a batch.</summary>
    public string Name => name;

    /// <summary>The last part of the route; null where it is the name.</summary>
    public string? Route { get; init; }

    /// <summary>The part of the route that is a value of the query; null where none is.</summary>
    public string? RouteValue { get; init; }

    /// <summary>The request's method.</summary>
    public string Method => Erases ? HttpMethods.Delete : Reads ? HttpMethods.Get : HttpMethods.Post;

    /// <summary>Whether it erases, and so is a DELETE.</summary>
    public bool Erases { get; init; }

    public string Summary => summary;
    public Type Answer => answer;

    /// <summary>Whether it only reads, and so is a GET.</summary>
    public bool Reads => Query is not null && !Erases;

    /// <summary>Names and types of the query, as a method's parameters; null for a POST.</summary>
    public MethodInfo? Query { get; init; }

    /// <summary>A method that has the body as its parameter.</summary>
    public abstract MethodInfo Body { get; }

    /// <summary>Whether a batch may hold it.</summary>
    public bool InBatch { get; init; } = true;

    public abstract ValueTask<ApiOutcome> RunAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken);

    public abstract ValueTask<ApiOutcome> RunAsync(IQueryCollection query, CancellationToken cancellationToken);
}

/// <inheritdoc/>
internal sealed class ApiOperation<TRequest>(
    string name, string summary, JsonTypeInfo<TRequest> type, Type answer, Func<TRequest, CancellationToken, ValueTask<ApiOutcome>> run)
    : ApiOperation(name, summary, answer)
    where TRequest : class
{
    public Func<ApiQuery, TRequest>? FromQuery { get; init; }

    public override MethodInfo Body => ((Action<TRequest>)DescribeBody).Method;

    public override async ValueTask<ApiOutcome> RunAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var (request, fault) = ApiFaults.Read(body, type);
        return request is null ? ApiOutcome.Bad(fault!) : await RunAsync(request, cancellationToken);
    }

    public override async ValueTask<ApiOutcome> RunAsync(IQueryCollection query, CancellationToken cancellationToken)
    {
        // A misspelt parameter must not erase more than was meant.
        if (Erases && query.Keys.FirstOrDefault(key => !Query!.GetParameters().Any(parameter => parameter.Name == key)) is { } unknown)
        {
            return ApiOutcome.Bad($"{unknown} is no parameter of this route.");
        }

        var values = new ApiQuery(query);
        var request = FromQuery!(values);
        return values.Fault is { } fault ? ApiOutcome.Bad(fault) : await RunAsync(request, cancellationToken);
    }

    private async ValueTask<ApiOutcome> RunAsync(TRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await run(request, cancellationToken);
        }
        catch (BrokerUnavailableException error)
        {
            return ApiOutcome.Refused(ErrorCode.Unavailable, error.Message);
        }
        catch (ChannelStateFullException error)
        {
            return ApiOutcome.Refused(ErrorCode.TooMany, error.Message);
        }
        catch (NotDurableException error)
        {
            return ApiOutcome.Refused(ErrorCode.NotDurable, error.Message);
        }
    }

    // For the OpenAPI document alone.
    private static void DescribeBody(TRequest body)
    {
    }
}

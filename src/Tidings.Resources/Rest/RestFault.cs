using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Responses;
using Tidings.Protocol;

namespace Tidings.Resources.Rest;

/// <summary>A request that cannot be done, and the problem that says why.</summary>
#pragma warning disable CA1032, CA1064 // It never leaves the routes that catch it.
internal sealed class RestFault(IResult result) : Exception
#pragma warning restore CA1032, CA1064
{
    public IResult Result => result;

    public static RestFault NotFound() => new(Problem(StatusCodes.Status404NotFound, ErrorCode.NotAllowed, "There is no such row, or not for you."));

    public static RestFault Conflict(string detail) => new(Problems.Create(ErrorCode.Conflict, detail));

    public static RestFault Stale() => new(Problem(StatusCodes.Status412PreconditionFailed, ErrorCode.Conflict, "The row has changed since it was read: read it again."));

    public static RestFault BadRequest(string detail) => new(Problems.BadRequest(detail));

    /// <summary>What is wrong with which member.</summary>
    public static RestFault Invalid(IReadOnlyDictionary<string, string[]> errors) => new(TypedResults.Problem(
        "Invalid message format", statusCode: StatusCodes.Status400BadRequest, extensions: [new("code", ErrorCode.BadRequest.ToWire()), new("errors", errors)]));

    private static IResult Problem(int status, ErrorCode code, string detail) =>
        TypedResults.Problem(detail, statusCode: status, extensions: [new("code", code.ToWire())]);
}

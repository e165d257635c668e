using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Responses;

/// <summary>Errors of the HTTP API: RFC 9457 problems with the protocol's error code.</summary>
internal static class Problems
{
    public static IResult BadRequest(string detail) => Create(ErrorCode.BadRequest, detail);

    public static IResult Unauthorized(string detail) => Create(ErrorCode.Unauthorized, detail);

    public static IResult TooLarge(string detail) => Create(ErrorCode.TooLarge, detail);

    public static IResult Unavailable(string detail) => Create(ErrorCode.Unavailable, detail);

    /// <summary>A limit on rates refuses the request, and says when to come back: <c>Retry-After</c> in seconds, <c>retryAfter</c> in milliseconds.</summary>
    /// <param name="context">The request.</param>
    /// <param name="milliseconds">When.</param>
    /// <param name="limit">Whose limit it is, where others than the one who asks may have used it up: <c>ip</c> or <c>user</c>.</param>
    public static IResult RateLimited(HttpContext context, int milliseconds, string? limit = null)
    {
        context.Response.Headers.RetryAfter = RetryAfter.Seconds(milliseconds);
        return Create(ErrorCode.RateLimited, "Rate limit exceeded", limit, milliseconds);
    }

    /// <summary>A bound refuses the request, and others may have used it up: <c>Retry-After</c> says when to come back.</summary>
    public static IResult ComeBack(HttpContext context, ErrorCode code, string detail, int milliseconds, string? limit = null)
    {
        context.Response.Headers.RetryAfter = RetryAfter.Seconds(milliseconds);
        return Create(code, detail, limit);
    }

    /// <summary>The request did not arrive in time (RFC 9110 §15.5.9).</summary>
    public static IResult TooSlow(string detail) =>
        TypedResults.Problem(detail, statusCode: StatusCodes.Status408RequestTimeout, extensions: [new("code", ErrorCode.Timeout.ToWire())]);

    /// <param name="code">Its code, and by that its status.</param>
    /// <param name="detail">The same in words.</param>
    /// <param name="details">What the caller may know besides, as <c>details</c>; null where nothing.</param>
    public static IResult Create(ErrorCode code, string detail, IReadOnlyList<FieldFault>? details)
    {
        List<KeyValuePair<string, object?>> extensions = [new("code", code.ToWire())];
        if (details is not null)
        {
            extensions.Add(new("details", new JsonArray([.. details.Select(static fault => new JsonObject { ["field"] = fault.Field, ["message"] = fault.Message })])));
        }

        return TypedResults.Problem(detail, statusCode: StatusOf(code), extensions: extensions);
    }

    public static IResult Create(ErrorCode code, string detail, string? limit = null, int? retryAfter = null)
    {
        List<KeyValuePair<string, object?>> extensions = [new("code", code.ToWire())];
        if (retryAfter is not null)
        {
            extensions.Add(new("retryAfter", retryAfter));
        }

        if (limit is not null)
        {
            extensions.Add(new("limit", limit));
        }

        return TypedResults.Problem(detail, statusCode: StatusOf(code), extensions: extensions);
    }

    /// <summary>The same in the place of an answer, as a batch has it.</summary>
    public static byte[] ToJson(ApiFault fault)
    {
        var status = StatusOf(fault.Code);
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("title"u8, ReasonPhrases.GetReasonPhrase(status));
        frame.Writer.WriteNumber("status"u8, status);
        frame.Writer.WriteString("detail"u8, fault.Detail);
        frame.Writer.WriteString("code"u8, fault.Code.ToWire());
        return frame.EndJson().ToArray();
    }

    /// <summary>The HTTP status that goes with an error code.</summary>
    public static int StatusOf(ErrorCode code) => code switch
    {
        ErrorCode.BadRequest => StatusCodes.Status400BadRequest,
        ErrorCode.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorCode.RateLimited or ErrorCode.TooMany => StatusCodes.Status429TooManyRequests,
        ErrorCode.Unauthorized => StatusCodes.Status401Unauthorized,
        ErrorCode.NotAllowed => StatusCodes.Status403Forbidden,
        ErrorCode.Conflict or ErrorCode.NotDurable => StatusCodes.Status409Conflict,
        ErrorCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorCode.Timeout => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };
}

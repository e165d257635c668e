using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Tidings.AspNetCore.Handshake;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Api;

/// <summary>Errors of the HTTP API: RFC 9457 problems with the protocol's error code.</summary>
internal static class Problems
{
    public static IResult BadRequest(string detail) => Create(ErrorCode.BadRequest, detail);

    public static IResult Unauthorized(string detail) => Create(ErrorCode.Unauthorized, detail);

    public static IResult TooLarge(string detail) => Create(ErrorCode.TooLarge, detail);

    public static IResult Unavailable(string detail) => Create(ErrorCode.Unavailable, detail);

    /// <summary>A limit on rates refuses the request, and says when to come back: <c>Retry-After</c> in seconds, <c>retryAfter</c> in milliseconds.</summary>
    public static IResult RateLimited(HttpContext context, int milliseconds)
    {
        context.Response.Headers.RetryAfter = RetryAfter.Seconds(milliseconds);
        return TypedResults.Problem(
            "Rate limit exceeded", statusCode: StatusOf(ErrorCode.RateLimited), extensions: [new("code", ErrorCode.RateLimited.ToWire()), new("retryAfter", milliseconds)]);
    }

    public static IResult Create(ErrorCode code, string detail) =>
        TypedResults.Problem(detail, statusCode: StatusOf(code), extensions: [new("code", code.ToWire())]);

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

using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Origins;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Streams;

namespace Tidings.AspNetCore.Streams;

/// <summary>What answers about streams have in common.</summary>
internal static class StreamAnswer
{
    public const string NextOffset = "Stream-Next-Offset";
    public const string UpToDate = "Stream-Up-To-Date";
    public const string Closed = "Stream-Closed";
    public const string Cursor = "Stream-Cursor";
    public const string Ttl = "Stream-TTL";
    public const string ExpiresAt = "Stream-Expires-At";
    public const string Seq = "Stream-Seq";
    public const string ForkedFrom = "Stream-Forked-From";
    public const string ForkOffset = "Stream-Fork-Offset";
    public const string ForkSubOffset = "Stream-Fork-Sub-Offset";
    public const string ProducerId = "Producer-Id";
    public const string ProducerEpoch = "Producer-Epoch";
    public const string ProducerSeq = "Producer-Seq";
    public const string ProducerExpectedSeq = "Producer-Expected-Seq";
    public const string ProducerReceivedSeq = "Producer-Received-Seq";
    public const string Encoding = "Stream-SSE-Data-Encoding";
    public const string True = "true";

    private static readonly string Exposed = string.Join(
        ", ", NextOffset, UpToDate, Closed, Cursor, Ttl, ExpiresAt, ProducerEpoch, ProducerSeq, ProducerExpectedSeq, ProducerReceivedSeq, Encoding, "ETag", "Location", "Retry-After");

    private static readonly string Asked = string.Join(
        ", ", "Authorization", "Content-Type", "If-None-Match", "Cache-Control", Ttl, ExpiresAt, Seq, Closed, ForkedFrom, ForkOffset, ForkSubOffset, ProducerId, ProducerEpoch, ProducerSeq);

    /// <summary>Runs a route, with the headers that every answer has.</summary>
    public static async Task ServeAsync(HttpContext context, Edge tidings, Func<HttpContext, StreamPath, Task<IResult?>> route)
    {
        var headers = context.Response.Headers;
        tidings.CrossOrigin.AddHeaders(context);
        CrossOrigin.Expose(context, Exposed);
        headers.XContentTypeOptions = "nosniff";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        headers.CacheControl = "no-store";
        IResult? result;
        try
        {
            result = StreamPath.TryRead(context.Request) is { } path ? await route(context, path) : Problems.BadRequest($"A stream's path is {StreamPath.Rule}.");
        }
        catch (BrokerUnavailableException error)
        {
            result = Problems.Unavailable(error.Message);
        }

        await (result is null ? Task.CompletedTask : context.Response.HasStarted ? Task.CompletedTask : result.ExecuteAsync(context));
    }

    /// <summary>What a page may do, the headers say; the request itself is judged when it comes.</summary>
    public static Task<IResult?> PreflightAsync(HttpContext context, StreamPath path)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = "GET, HEAD, PUT, POST, DELETE";
        headers.AccessControlAllowHeaders = Asked;
        headers.AccessControlMaxAge = "3600";
        return Task.FromResult<IResult?>(TypedResults.NoContent());
    }

    public static IResult NotFound => Problem(StatusCodes.Status404NotFound, "There is no such stream.");

    public static IResult Gone => Problem(StatusCodes.Status410Gone, "The stream was deleted; forks of it are still there.");

    /// <summary>A problem with a status that no error code has.</summary>
    public static IResult Problem(int status, string detail) => TypedResults.Problem(detail, statusCode: status, extensions: [new("code", (status == StatusCodes.Status409Conflict ? ErrorCode.Conflict : ErrorCode.NotAllowed).ToWire())]);

    public static IResult Conflict(string detail) => Problem(StatusCodes.Status409Conflict, detail);

    public static IResult Full(HttpContext context, bool writer) => writer
        ? Problems.Create(ErrorCode.TooMany, "What you wrote to streams has as many bytes as you may have.")
        : Problems.ComeBack(context, ErrorCode.TooMany, "All streams together have as many bytes as they may (Tidings:Streams:TotalBytes).", 5000);

    /// <summary>Says where the stream ends, and whether for good.</summary>
    public static void PutEnd(HttpResponse response, StreamHead head)
    {
        response.Headers[NextOffset] = StreamOffset.Format(head, head.Length);
        if (head.IsClosed)
        {
            response.Headers[Closed] = True;
        }
    }

    public static bool IsTrue(HttpRequest request, string header) => string.Equals(request.Headers[header], True, StringComparison.OrdinalIgnoreCase);

    /// <summary>A whole number without a sign, leading zeros or anything else; null where it is none.</summary>
    public static long? Number(string? text) =>
        text is { Length: > 0 and <= 16 } && (text.Length == 1 || text[0] != '0') && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= StreamPosition.LargestOffset ? number : null;
}

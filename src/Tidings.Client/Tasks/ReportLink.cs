using System.Net;
using System.Text.Json;
using Tidings.Client.Transports;
using Tidings.Protocol;

namespace Tidings.Client.Tasks;

/// <summary>What the server said to a report.</summary>
/// <param name="Error">Why it was not taken; null where it was.</param>
/// <param name="Again">Whether the same may be taken later.</param>
internal readonly record struct ReportAnswer(TidingsException? Error, bool Again);

/// <summary>Sends reports of one task by <c>PUT</c>, one at a time as it is told to.</summary>
internal sealed class ReportLink(Uri address, HttpMessageInvoker http, RequestHeaders headers, TidingsClientOptions options)
{
    private const int LargestAnswer = 1024 * 1024;

    public async Task<ReportAnswer> SendAsync(byte[] json, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.CommandLimit, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Put, address) { Content = new ByteArrayContent(json) };
        request.Content.Headers.ContentType = new("application/json");
        foreach (var (name, value) in headers.For(options.WorkerKey))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var response = await http.SendAsync(request, either.Token).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return default;
            }

            await response.Content.LoadIntoBufferAsync(LargestAnswer, either.Token).ConfigureAwait(false);
            return Explain(response.StatusCode, await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false));
        }
        catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new ReportAnswer(new TidingsException(ErrorCode.Unavailable, "The server cannot be reached: " + error.Message), Again: true);
        }
    }

    private static ReportAnswer Explain(HttpStatusCode status, byte[] body)
    {
        var code = status switch
        {
            HttpStatusCode.BadRequest => ErrorCode.BadRequest,
            HttpStatusCode.Unauthorized => ErrorCode.Unauthorized,
            HttpStatusCode.Forbidden or HttpStatusCode.NotFound => ErrorCode.NotAllowed,
            HttpStatusCode.Conflict => ErrorCode.Conflict,
            HttpStatusCode.RequestEntityTooLarge => ErrorCode.TooLarge,
            HttpStatusCode.TooManyRequests => ErrorCode.RateLimited,
            _ => ErrorCode.Unavailable,
        };
        return new ReportAnswer(new TidingsException(code, DetailOf(body) ?? $"The server answered {(int)status}."), code is ErrorCode.RateLimited or ErrorCode.Unavailable);
    }

    private static string? DetailOf(byte[] body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            return problem.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("detail"u8, out var detail) && detail.ValueKind == JsonValueKind.String
                ? detail.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

using System.Net;
using System.Text;
using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.Client.Transports;

/// <summary>Why a server refused a request, as it says itself.</summary>
internal static class Refusal
{
    private const int LargestBody = 4 * 1024;

    /// <summary>The close code that the status stands for, with the server's reason where it gives one.</summary>
    public static async ValueTask<DisconnectCode> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var code = CloseCodes.OfStatus((int)response.StatusCode);
        return await DetailAsync(response, cancellationToken).ConfigureAwait(false) is { Length: > 0 } detail ? code with { Reason = detail } : code;
    }

    private static async ValueTask<string?> DetailAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NoContent)
        {
            return null;
        }

        try
        {
            var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                var bytes = new byte[LargestBody];
                var length = await body.ReadAtLeastAsync(bytes, LargestBody, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                return response.Content.Headers.ContentType?.MediaType switch
                {
                    "application/problem+json" => ProblemOf(bytes.AsSpan(0, length)),
                    "text/plain" => FirstLineOf(Encoding.UTF8.GetString(bytes, 0, length)),
                    _ => null,
                };
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException)
        {
            return null;
        }
    }

    private static string? ProblemOf(ReadOnlySpan<byte> json)
    {
        var problem = JsonElement.Parse(json);
        return problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty("detail"u8, out var detail) && detail.ValueKind == JsonValueKind.String
            ? FirstLineOf(detail.GetString()!)
            : null;
    }

    // As long as a close frame could hold it.
    private static string FirstLineOf(string text)
    {
        var line = text.AsSpan().Trim();
        var end = line.IndexOfAny('\r', '\n');
        line = end < 0 ? line : line[..end];
        while (Encoding.UTF8.GetByteCount(line) > DisconnectCode.LongestReason)
        {
            line = line[..^1];
        }

        return line.ToString();
    }
}

/// <summary>What a handshake goes through: keeps the reason of a refusal, of which a <see cref="System.Net.WebSockets.ClientWebSocket"/> tells the status alone.</summary>
internal sealed class HandshakeInvoker(HttpMessageInvoker http) : HttpMessageInvoker(new NoHandler())
{
    /// <summary>Why the server refused; null where it did not answer.</summary>
    public DisconnectCode? Refused { get; private set; }

    public override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        // Over HTTP/2 a handshake that succeeds is answered by 200.
        if (response.StatusCode is not (HttpStatusCode.SwitchingProtocols or HttpStatusCode.OK))
        {
            Refused = await Refusal.ReadAsync(response, cancellationToken).ConfigureAwait(false);
        }

        return response;
    }

    private sealed class NoHandler : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}

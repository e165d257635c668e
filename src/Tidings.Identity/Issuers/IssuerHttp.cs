using System.Net;
using System.Text.Json;

namespace Tidings.Security.Issuers;

/// <summary>Fetches over HTTP, bounded in time and size. Nothing but the address of the configuration, or of a document from there, is ever asked.</summary>
internal sealed class IssuerHttp : IIssuerHttp, IDisposable
{
    /// <summary>Bytes of a document: a hundred keys with their certificates.</summary>
    public const int LargestDocument = 512 * 1024;

    /// <summary>How long one document may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private const int LargestHeadersKB = 32;
    private const int LongestShown = 300;
    private const int DocumentDepth = 16;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = DocumentDepth, AllowDuplicateProperties = false };

    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;

    public IssuerHttp(TimeProvider time)
    {
        _time = time;

        // No redirect leads elsewhere, no cookie comes along, and nothing is unpacked that was small on the way.
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = Limit / 2,
            MaxConnectionsPerServer = 2,
            MaxResponseHeadersLength = LargestHeadersKB,
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        });
    }

    public async Task<JsonDocument> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Accept.ParseAdd("application/json");
            request.Headers.UserAgent.ParseAdd("tidings");
            using HttpResponseMessage response = await _http.SendAsync(request, either.Token).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new IssuerException((int)response.StatusCode is >= 300 and < 400
                    ? $"{Shown(address)} leads elsewhere ({(int)response.StatusCode}), and is not followed there"
                    : $"{Shown(address)} answered {(int)response.StatusCode}");
            }

            return JsonDocument.Parse(await ReadAsync(address, response.Content, either.Token).ConfigureAwait(false), Strict);
        }
        catch (JsonException error)
        {
            throw new IssuerException($"{Shown(address)} answered what is no JSON, has a member twice, or is too deep", error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new IssuerException($"{Shown(address)} could not be asked ({error.Message})", error);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            // Ours, or that of connecting, which the handler has by itself.
            throw new IssuerException($"{Shown(address)} did not answer within {Limit.TotalSeconds:0} s", error);
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(Uri address, HttpContent content, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > LargestDocument)
        {
            throw TooLarge(address);
        }

        Stream body = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            byte[] buffer = new byte[16 * 1024];
            int length = 0;
            while (await body.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                length += read;
                if (length > LargestDocument)
                {
                    throw TooLarge(address);
                }

                if (length == buffer.Length)
                {
                    Array.Resize(ref buffer, Math.Min(2 * length, LargestDocument + 1));
                }
            }

            return buffer.AsMemory(0, length);
        }
    }

    // It may be of a document of others, and goes into a line of the log.
    private static string Shown(Uri address) => address.AbsoluteUri is { Length: > LongestShown } text ? text[..LongestShown] + "…" : address.AbsoluteUri;

    private static IssuerException TooLarge(Uri address) => new($"{Shown(address)} answered more than {LargestDocument / 1024} KB");
}

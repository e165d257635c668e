using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Threading.Channels;
using Tidings.Client.Commands;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Transports;

/// <summary>What both transports over plain requests share: requests with the user's token, commands by POST, one queue of frames.</summary>
internal sealed class HttpLink(ServerAddress address, HttpMessageInvoker http, RequestHeaders headers, TidingsClientOptions options) : IDisposable
{
    private const int QueuedFrames = 64;

    // What a browser's handler goes by; every other passes it over.
    private static readonly HttpRequestOptionsKey<bool> Streams = new("WebAssemblyEnableStreamingResponse");
    private static readonly HttpRequestOptionsKey<IDictionary<string, object>> Fetch = new("WebAssemblyFetchOptions");

    private readonly Channel<ServerFrame> _frames = System.Threading.Channels.Channel.CreateBounded<ServerFrame>(QueuedFrames);
    private readonly CancellationTokenSource _end = new();

    /// <summary>Who comes.</summary>
    public string? Token { get; set; }

    /// <summary>The stream that hears what is said to this client, by its id; null where there is none.</summary>
    public string? Connection { get; set; }

    /// <summary>Cancelled when the link is disposed.</summary>
    public CancellationToken Ended => _end.Token;

    public async ValueTask<ServerFrame> ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _frames.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException error)
        {
            throw error.InnerException as TransportException ?? new TransportException(DisconnectCode.Abnormal, error);
        }
    }

    /// <summary>Hands a frame to the reader, waiting where it lags.</summary>
    public ValueTask TellAsync(ServerFrame frame, CancellationToken cancellationToken) => _frames.Writer.WriteAsync(frame, cancellationToken);

    /// <summary>The reader gets what is queued, then the end.</summary>
    public void End(Exception error) => _frames.Writer.TryComplete(error);

    /// <summary>Asks, and gives the answer with its head read.</summary>
    /// <param name="query">What for.</param>
    /// <param name="accept">In which form.</param>
    /// <param name="tokens">Tokens that grant single channels; "" for none.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="TransportException">It was refused, or the server cannot be reached.</exception>
    public async Task<HttpResponseMessage> GetAsync(string query, string accept, string tokens, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, query);
        if (tokens.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Tidings-Channel-Token", tokens);
        }

        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        if (options.Platform.OwnsRequests)
        {
            request.Headers.CacheControl = new CacheControlHeaderValue { NoCache = true };
        }

        request.Options.Set(Streams, true);
        request.Options.Set(Fetch, new Dictionary<string, object> { ["cache"] = "no-store" });
        return await AskAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends commands and queues their answers.</summary>
    /// <exception cref="TransportException">They were refused together, or not answered in time.</exception>
    public async ValueTask PostAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.CommandLimit, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await ExchangeAsync(commands, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransportException(DisconnectCode.Abnormal, error);
        }
    }

    /// <summary>A JSON body, bounded.</summary>
    /// <exception cref="TransportException">It is too large, no JSON, or broke off.</exception>
    public async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                var bounded = new BoundedStream(body, options.MaxMessageBytes, static () => { });
                using var bytes = new MemoryStream();
                await bounded.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
                return JsonElement.Parse(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException)
        {
            throw new TransportException(DisconnectCode.Abnormal, error);
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        _frames.Writer.TryComplete();
    }

    private async Task ExchangeAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, Connection is null ? "" : "connection=" + Uri.EscapeDataString(Connection));
        request.Content = new ByteArrayContent(Join(commands));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await AskAsync(request, cancellationToken).ConfigureAwait(false);
        var list = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new TransportException(DisconnectCode.Abnormal);
        }

        foreach (var answer in list.EnumerateArray().Where(static answer => answer.ValueKind == JsonValueKind.Object))
        {
            await TellAsync(new ServerFrame(answer), cancellationToken).ConfigureAwait(false);
        }
    }

    private static byte[] Join(IReadOnlyList<PendingCommand> commands)
    {
        var all = commands.Select(static command => command.Json).ToList();
        var body = new byte[all.Sum(static json => json.Length + 1) + 1];
        var at = 0;
        foreach (var json in all)
        {
            body[at] = at == 0 ? (byte)'[' : (byte)',';
            json.CopyTo(body.AsMemory(at + 1));
            at += json.Length + 1;
        }

        body[at] = (byte)']';
        return body;
    }

    private HttpRequestMessage Request(HttpMethod method, string query)
    {
        var request = new HttpRequestMessage(method, new UriBuilder(address.Http) { Query = Joined(address.Http.Query, query) }.Uri);
        foreach (var (name, value) in headers.For(Token))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private static string Joined(string first, string second) =>
        first.Length <= 1 ? second : second.Length == 0 ? first : $"{first}&{second}";

    private async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return response;
            }

            using (response)
            {
                throw new TransportException(await Refusal.ReadAsync(response, cancellationToken).ConfigureAwait(false))
                {
                    Final = response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable,
                    After = RetryAfter.Read(response),
                };
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new TransportException(DisconnectCode.Abnormal, error)
            {
                Unreachable = error is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError },
            };
        }
    }
}

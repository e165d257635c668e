using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;
using Tidings.Diagnostics;
using Tidings.Pressure;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Hooks;

/// <summary>Asks hooks: the URLs of the configuration and no others, signed, bounded in time, size and number.</summary>
internal sealed class HookClient : IDisposable
{
    private const int LargestAnswer = 64 * 1024;

    private readonly HttpMessageInvoker _http;
    private readonly BackEnds _backEnds;
    private readonly HookSignature _signature;
    private readonly SemaphoreSlim _places;
    private readonly BodyBudget _bodies;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly HookLog _log;

    public HookClient(HookOptions options, BackEnds backEnds, BodyBudget bodies, TimeProvider time, ILogger log)
    {
        _backEnds = backEnds;
        _bodies = bodies;
        _signature = new HookSignature(options.Secret!);
        _places = new SemaphoreSlim(options.InFlight);
        _limit = options.Timeout;
        _time = time;
        _log = new HookLog(log, time);
        _http = BackEnds.CreateHttp(options.Timeout, options.InFlight);
    }

    /// <param name="url">The hook.</param>
    /// <param name="schema">What it may answer.</param>
    /// <param name="body">What it is asked.</param>
    /// <param name="cancellationToken">The one who waits has gone.</param>
    /// <returns>The answer; null where there was none that can be used, which is logged.</returns>
    public async ValueTask<HookAnswer?> AskAsync(Uri url, HookSchema schema, byte[] body, CancellationToken cancellationToken)
    {
        // The caller may be on a lane.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var span = Tracing.Source.StartActivity("hook");
        span?.SetTag("server.address", url.Host).SetTag("url.path", url.AbsolutePath);
        try
        {
            var (answer, fault) = await _backEnds.CallAsync(url, cancelled => AskInTimeAsync(url, schema, body, cancelled), cancellationToken);
            _log.Asked(url, fault);
            return answer;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // A client that went before the answer says nothing about the hook.
            return null;
        }
        catch (BrokenCircuitException)
        {
            _log.Asked(url, BackEnds.NotAsked);
            return null;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TimeoutException)
        {
            _log.Asked(url, error.Message);
            return null;
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _places.Dispose();
    }

    private async ValueTask<(HookAnswer? Answer, string? Fault)> AskInTimeAsync(Uri url, HookSchema schema, byte[] body, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var placed = false;
        try
        {
            await _places.WaitAsync(either.Token);
            placed = true;
            return await PostAsync(url, schema, body, either.Token);
        }
        catch (Exception error) when (limit.IsCancellationRequested && error is HttpRequestException or IOException or OperationCanceledException)
        {
            throw new TimeoutException($"no answer within {_limit.TotalSeconds:0.###} s", error);
        }
        finally
        {
            if (placed)
            {
                _places.Release();
            }
        }
    }

    private async ValueTask<(HookAnswer? Answer, string? Fault)> PostAsync(Uri url, HookSchema schema, byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation(HookSignature.Header, _signature.Sign(body, _time.GetUtcNow()));
        using var response = await _http.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NoContent)
        {
            return (HookAnswer.Allowed, null);
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            return (null, $"status {(int)response.StatusCode}, where 200 or 204 is expected");
        }

        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var bytes = new BodyBuffer(_bodies, Sender.Server);
        int read;
        do
        {
            if (bytes.Grow(LargestAnswer + 1) != BodyAdmission.Granted)
            {
                return (null, "the bodies that are being received hold as much memory as they may");
            }

            bytes.Advance(read = await stream.ReadAsync(bytes.Free, cancellationToken));
        }
        while (read > 0 && bytes.Length <= LargestAnswer);

        if (bytes.Length > LargestAnswer)
        {
            return (null, $"its answer has more than {LargestAnswer} bytes");
        }

        var answer = HookAnswer.Parse(bytes.Bytes, schema, out var fault);
        return (answer, fault);
    }
}

using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Tidings.Client.Connecting;
using Tidings.Client.Transports;
using Tidings.Protocol;

namespace Tidings.Client.Tasks;

/// <summary>Reads a task's output from a place on, through all connections: each byte once.</summary>
internal sealed class OutputReader(Uri address, HttpMessageInvoker http, RequestHeaders headers, ClientToken token, TidingsClientOptions options, Func<double> random)
{
    private const int LargestEvent = 1024 * 1024;
    private const int LastAttempt = 5;

    // The server gives a sign of life every 30 s.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(75);

    /// <exception cref="TidingsException">There is no such task, or it may not be watched.</exception>
    public async IAsyncEnumerable<TaskOutputPart> ReadAsync(long offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var renewed = false;
        for (var attempt = 0; ; attempt++)
        {
            var parts = ReadOnceAsync(offset, cancellationToken).GetAsyncEnumerator(cancellationToken);
            await using (parts.ConfigureAwait(false))
            {
                while (true)
                {
                    var next = await TryMoveAsync(parts, cancellationToken).ConfigureAwait(false);
                    if (next == Step.Refused && !renewed && token.CanRenew)
                    {
                        token.Forget();
                        (renewed, attempt) = (true, -1);
                        break;
                    }

                    if (next is Step.Lost or Step.Refused)
                    {
                        if (next == Step.Refused)
                        {
                            throw new TidingsException(ErrorCode.Unauthorized, "The output may not be read with this token.");
                        }

                        break;
                    }

                    if (parts.Current is not { } part)
                    {
                        yield break;
                    }

                    offset = part.Offset + part.Bytes.Length;
                    (attempt, renewed) = (-1, false);
                    yield return part;
                }
            }

            await Task.Delay(Backoff.Ordinary(Math.Clamp(attempt, 0, LastAttempt), random()), options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private enum Step : byte
    {
        Moved,
        Lost,
        Refused,
    }

    private static async ValueTask<Step> TryMoveAsync(IAsyncEnumerator<TaskOutputPart?> parts, CancellationToken cancellationToken)
    {
        try
        {
            return await parts.MoveNextAsync().ConfigureAwait(false) ? Step.Moved : Step.Lost;
        }
        catch (TidingsException error) when (error.Code == ErrorCode.Unauthorized)
        {
            return Step.Refused;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return Step.Lost;
        }
    }

    // Null is the end.
    private async IAsyncEnumerable<TaskOutputPart?> ReadOnceAsync(long offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(Silence, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{address}?offset={offset}");
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        foreach (var (name, value) in headers.For(await token.GetAsync(either.Token).ConfigureAwait(false)))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await http.SendAsync(request, either.Token).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            if ((int)response.StatusCode >= 500 || response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                yield break;
            }

            var code = response.StatusCode switch { HttpStatusCode.BadRequest => ErrorCode.BadRequest, HttpStatusCode.Unauthorized => ErrorCode.Unauthorized, _ => ErrorCode.NotAllowed };
            throw new TidingsException(code, (await Refusal.ReadAsync(response, either.Token).ConfigureAwait(false)).Reason);
        }

        var body = await response.Content.ReadAsStreamAsync(either.Token).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var bounded = new BoundedStream(body, LargestEvent, () => silence.CancelAfter(Silence));
            await foreach (var item in SseParser.Create(bounded, static (_, data) => Parse(data)).EnumerateAsync(either.Token).ConfigureAwait(false))
            {
                bounded.Reset();
                yield return item.Data;
                if (item.Data is null)
                {
                    yield break;
                }
            }
        }
    }

    private static TaskOutputPart? Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        if (root.GetProperty("type"u8).ValueEquals("end"u8))
        {
            return null;
        }

        var offset = root.GetProperty("offset"u8).GetInt64();
        return root.TryGetProperty("text"u8, out var text) ? new TaskOutputPart(offset, Encoding.UTF8.GetBytes(text.GetString()!), text.GetString()) : new TaskOutputPart(offset, root.GetProperty("data64"u8).GetBytesFromBase64(), null);
    }
}

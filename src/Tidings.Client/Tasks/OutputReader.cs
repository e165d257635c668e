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

    /// <summary>Fires when the client is closed.</summary>
    public required CancellationToken Closed { get; init; }

    /// <summary>What a loop fails with then.</summary>
    public required Func<Exception> WhyClosed { get; init; }

    /// <exception cref="TidingsException">There is no such task, or it may not be watched.</exception>
    public async IAsyncEnumerable<TaskOutputPart> ReadAsync(long offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Closed);
        var renewed = false;
        for (var attempt = 0; ; attempt++)
        {
            var parts = ReadOnceAsync(offset, either.Token).GetAsyncEnumerator(either.Token);
            await using (parts.ConfigureAwait(false))
            {
                while (true)
                {
                    var next = await TryMoveAsync(parts, cancellationToken).ConfigureAwait(false);
                    if (next != Step.Moved && Closed.IsCancellationRequested)
                    {
                        throw WhyClosed();
                    }

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

            await Task.Delay(Backoff.Ordinary(Math.Clamp(attempt, 0, LastAttempt), random()), options.TimeProvider, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (Closed.IsCancellationRequested)
            {
                throw WhyClosed();
            }
        }
    }

    private enum Step : byte
    {
        Moved,
        Lost,
        Refused,
    }

    private async ValueTask<Step> TryMoveAsync(IAsyncEnumerator<TaskOutputPart?> parts, CancellationToken cancellationToken)
    {
        try
        {
            return await parts.MoveNextAsync().ConfigureAwait(false) ? Step.Moved : Step.Lost;
        }
        catch (TidingsException error) when (error.Code == ErrorCode.Unauthorized)
        {
            return Step.Refused;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException || (error is ObjectDisposedException && Closed.IsCancellationRequested) || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
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
                var (type, part) = item.Data;
                if (type == "end")
                {
                    yield return null;
                    yield break;
                }

                if (part is not null)
                {
                    yield return part;
                }
            }
        }
    }

    // Of what a newer server may say there is nothing to be read.
    private static (string? Type, TaskOutputPart? Part) Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        var type = root.TryGetProperty("type"u8, out var named) ? named.GetString() : null;
        return (type, type == "output" ? ReadPart(root) : null);
    }

    private static TaskOutputPart ReadPart(JsonElement root)
    {
        var offset = root.GetProperty("offset"u8).GetInt64();
        return root.TryGetProperty("text"u8, out var text) ? new TaskOutputPart(offset, Encoding.UTF8.GetBytes(text.GetString()!), text.GetString()) : new TaskOutputPart(offset, root.GetProperty("data64"u8).GetBytesFromBase64(), null);
    }
}

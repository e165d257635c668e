using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Tidings.AspNetCore.Endpoints.Json;

namespace Tidings;

/// <content>JSON, by the options that minimal APIs use (<c>ConfigureHttpJsonOptions</c>), or by a contract that is given.</content>
public sealed partial class WebSocketConnection
{
    /// <summary>Receives the next message that is a valid <typeparamref name="T"/>.</summary>
    /// <remarks>
    /// What is not JSON is answered with <c>{"error":"Invalid JSON format"}</c>; what does not fit, or breaks a rule of the type's
    /// DataAnnotations, with <c>{"error":"Invalid message format","details":[{"field","message"}]}</c>; both are passed over.
    /// </remarks>
    /// <returns>The default value, which is null for classes, where the connection has ended normally.</returns>
    /// <param name="cancellationToken">Ends the waiting; no message is lost by it.</param>
    /// <exception cref="WebSocketDisconnectException">The connection ended, and not normally.</exception>
    public ValueTask<T?> ReceiveJsonAsync<T>(CancellationToken cancellationToken = default) =>
        ReceiveJsonAsync(TypeInfo<T>(), Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>The same, if such a message comes in time.</summary>
    /// <returns>The default value, which is null for classes, where the connection has ended normally.</returns>
    /// <param name="timeout">How long to wait for each message.</param>
    /// <param name="cancellationToken">Ends the waiting; no message is lost by it.</param>
    /// <exception cref="TimeoutException">Nothing came in time.</exception>
    /// <exception cref="WebSocketDisconnectException">The connection ended, and not normally.</exception>
    public ValueTask<T?> ReceiveJsonAsync<T>(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        ReceiveJsonAsync(TypeInfo<T>(), timeout, cancellationToken);

    /// <summary>The same by a contract of source generation.</summary>
    /// <returns>The default value, which is null for classes, where the connection has ended normally.</returns>
    /// <param name="type">The contract.</param>
    /// <param name="cancellationToken">Ends the waiting; no message is lost by it.</param>
    /// <exception cref="WebSocketDisconnectException">The connection ended, and not normally.</exception>
    public ValueTask<T?> ReceiveJsonAsync<T>(JsonTypeInfo<T> type, CancellationToken cancellationToken = default) =>
        ReceiveJsonAsync(type, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>The same by a contract of source generation, if such a message comes in time.</summary>
    /// <returns>The default value, which is null for classes, where the connection has ended normally.</returns>
    /// <param name="type">The contract.</param>
    /// <param name="timeout">How long to wait for each message.</param>
    /// <param name="cancellationToken">Ends the waiting; no message is lost by it.</param>
    /// <exception cref="TimeoutException">Nothing came in time.</exception>
    /// <exception cref="WebSocketDisconnectException">The connection ended, and not normally.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T?> ReceiveJsonAsync<T>(JsonTypeInfo<T> type, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        return (await ReceiveValueAsync(type, timeout, cancellationToken)).Value;
    }

    /// <summary>All messages that are a valid <typeparamref name="T"/>, until the connection ends normally. Others are answered as by
    /// <see cref="ReceiveJsonAsync{T}(CancellationToken)"/>.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="WebSocketDisconnectException">The connection ended otherwise.</exception>
    public IAsyncEnumerable<T> ReadAllJsonAsync<T>(CancellationToken cancellationToken = default) =>
        ReadAllJsonAsync(TypeInfo<T>(), cancellationToken);

    /// <summary>The same by a contract of source generation.</summary>
    /// <param name="type">The contract.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="WebSocketDisconnectException">The connection ended otherwise.</exception>
    public async IAsyncEnumerable<T> ReadAllJsonAsync<T>(JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        while (await ReceiveValueAsync(type, Timeout.InfiniteTimeSpan, cancellationToken) is { HasValue: true } received)
        {
            yield return received.Value!;
        }
    }

    /// <summary>Sends a value as JSON text.</summary>
    /// <param name="value">The value, as its declared type; an object or anonymous type as what it is.</param>
    /// <param name="cancellationToken">Ends the waiting for room.</param>
    /// <exception cref="WebSocketDisconnectException">The connection has ended.</exception>
    public ValueTask SendJsonAsync<T>(T value, CancellationToken cancellationToken = default) =>
        SendJsonAsync(value, TypeInfo<T>(), cancellationToken);

    /// <summary>Sends a value as JSON text by a contract of source generation.</summary>
    /// <param name="value">The value.</param>
    /// <param name="type">The contract.</param>
    /// <param name="cancellationToken">Ends the waiting for room.</param>
    /// <exception cref="WebSocketDisconnectException">The connection has ended.</exception>
    public ValueTask SendJsonAsync<T>(T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        return _session.SendJsonAsync(value, type, cancellationToken);
    }

    private JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)_session.Route.Json.GetTypeInfo(typeof(T));

    private async ValueTask<Received<T>> ReceiveValueAsync<T>(JsonTypeInfo<T> type, TimeSpan timeout, CancellationToken cancellationToken)
    {
        while (await _session.TakeAsync(timeout, cancellationToken) is { } item)
        {
            if (!item.IsText)
            {
                await _session.AnswerWrongKindAsync("text", cancellationToken);
                continue;
            }

            var read = MessageJson.TryRead(item.Span, type, out var value, out var answer);
            item.Release();
            if (read)
            {
                if (await MessageValidator.ValidateAsync(value!, type, _context.RequestServices, cancellationToken) is not { } faults)
                {
                    _session.ForgetInvalid();
                    return new Received<T>(true, value);
                }

                answer = MessageFaults.Answer(faults);
            }

            await _session.AnswerInvalidAsync(answer!, cancellationToken);
        }

        _session.ThrowIfAbnormal();
        return default;
    }

    private readonly record struct Received<T>(bool HasValue, T? Value);
}

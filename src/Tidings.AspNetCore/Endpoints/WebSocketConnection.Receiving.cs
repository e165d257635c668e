using System.Runtime.CompilerServices;
using System.Text;
using Tidings.AspNetCore.Endpoints;

namespace Tidings;

/// <content>What comes in.</content>
/// <remarks>
/// The peer is not read ahead of its handler by more than 32 messages or 64 KB: it is then slowed by its own network.
/// </remarks>
public sealed partial class WebSocketConnection
{
    /// <summary>Receives the next text. A binary message is answered with an error and passed over.</summary>
    /// <returns>Null where the connection has ended normally: closed by the peer with 1000, 1001 or no code, or by this side.</returns>
    /// <param name="cancellationToken">Ends the waiting; no message is lost by it.</param>
    /// <exception cref="WebSocketDisconnectException">The connection ended otherwise.</exception>
    /// <exception cref="InvalidOperationException">Another receive is still waiting.</exception>
    public ValueTask<string?> ReceiveTextAsync(CancellationToken cancellationToken = default) =>
        ReceiveTextAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Receives the next text, if it comes in time. A binary message is answered with an error and passed over.</summary>
    /// <returns>Null where the connection has ended normally.</returns>
    /// <param name="timeout">How long to wait; afterwards the connection is as before, and the next receive gets what comes late.</param>
    /// <param name="cancellationToken">Ends the waiting; no message is lost by it.</param>
    /// <exception cref="TimeoutException">Nothing came in time.</exception>
    /// <exception cref="WebSocketDisconnectException">The connection ended, and not normally.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<string?> ReceiveTextAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        while (await _session.TakeAsync(timeout, cancellationToken) is { } item)
        {
            if (item.IsText)
            {
                _session.ForgetInvalid();
                return TextOf(item);
            }

            await _session.AnswerWrongKindAsync("text", cancellationToken);
        }

        _session.ThrowIfAbnormal();
        return null;
    }

    /// <summary>Receives the next binary message. A text is answered with an error and passed over.</summary>
    /// <returns>The bytes, which are the caller's own; null where the connection has ended normally.</returns>
    /// <param name="cancellationToken">Ends the waiting; no message is lost by it.</param>
    /// <exception cref="WebSocketDisconnectException">The connection ended, and not normally.</exception>
    public ValueTask<byte[]?> ReceiveBytesAsync(CancellationToken cancellationToken = default) =>
        ReceiveBytesAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Receives the next binary message, if it comes in time. A text is answered with an error and passed over.</summary>
    /// <returns>The bytes, which are the caller's own; null where the connection has ended normally.</returns>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellationToken">Ends the waiting; no message is lost by it.</param>
    /// <exception cref="TimeoutException">Nothing came in time.</exception>
    /// <exception cref="WebSocketDisconnectException">The connection ended, and not normally.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<byte[]?> ReceiveBytesAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        while (await _session.TakeAsync(timeout, cancellationToken) is { } item)
        {
            if (!item.IsText)
            {
                _session.ForgetInvalid();
                return item.Buffer;
            }

            item.Release();
            await _session.AnswerWrongKindAsync("binary", cancellationToken);
        }

        _session.ThrowIfAbnormal();
        return null;
    }

    /// <summary>Receives whatever comes next: text, bytes, or the end, however the connection ended. Never throws because of the end.</summary>
    /// <param name="cancellationToken">Ends the waiting; no message is lost by it.</param>
    public ValueTask<WebSocketMessage> ReceiveAsync(CancellationToken cancellationToken = default) =>
        ReceiveAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Receives whatever comes next, if it comes in time: text, bytes, or the end.</summary>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellationToken">Ends the waiting; no message is lost by it.</param>
    /// <exception cref="TimeoutException">Nothing came in time.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<WebSocketMessage> ReceiveAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        if (await _session.TakeAsync(timeout, cancellationToken) is { } item)
        {
            return item.IsText ? new WebSocketMessage(TextOf(item)) : new WebSocketMessage(item.Buffer);
        }

        var code = _session.EndCode.GetValueOrDefault();
        return new WebSocketMessage(code.Code, code.Reason);
    }

    /// <summary>All messages, text and binary, until the connection ends normally.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="WebSocketDisconnectException">The connection ended otherwise.</exception>
    public async IAsyncEnumerable<WebSocketMessage> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await ReceiveAsync(cancellationToken) is { Kind: not WebSocketMessageKind.Disconnect } message)
        {
            yield return message;
        }

        _session.ThrowIfAbnormal();
    }

    private static string TextOf(InboxItem item)
    {
        var text = Encoding.UTF8.GetString(item.Span);
        item.Release();
        return text;
    }
}

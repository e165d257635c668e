using Tidings.Protocol.Frames;

namespace Tidings;

/// <content>What goes out.</content>
/// <remarks>
/// A send completes when the message has its place in the queue, which is at once where less than the route's <c>QueueBytes</c> wait, and
/// else when there is room again. It does not say that the peer has read. Cancelling a send ends the waiting for room; the message keeps
/// its place.
/// </remarks>
public sealed partial class WebSocketConnection
{
    /// <summary>Sends a text.</summary>
    /// <param name="text">The text; half of a surrogate pair alone is sent as U+FFFD.</param>
    /// <param name="cancellationToken">Ends the waiting for room.</param>
    /// <exception cref="WebSocketDisconnectException">The connection has ended; with 1013, because the peer did not read.</exception>
    public ValueTask SendTextAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return _session.SendTextAsync(text, cancellationToken);
    }

    /// <summary>Sends a text that is UTF-8 already; it is not checked.</summary>
    /// <param name="utf8">The text's bytes, copied before the call returns.</param>
    /// <param name="cancellationToken">Ends the waiting for room.</param>
    /// <exception cref="WebSocketDisconnectException">The connection has ended.</exception>
    public ValueTask SendTextAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellationToken = default) =>
        _session.SendAsync(Opcode.Text, utf8.Span, cancellationToken);

    /// <summary>Sends a binary message.</summary>
    /// <param name="bytes">The bytes, copied before the call returns.</param>
    /// <param name="cancellationToken">Ends the waiting for room.</param>
    /// <exception cref="WebSocketDisconnectException">The connection has ended.</exception>
    public ValueTask SendBytesAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        _session.SendAsync(Opcode.Binary, bytes.Span, cancellationToken);

    /// <summary>Sends all of a stream as one binary message, in pieces of at most 16 KB, however long it is. What others send meanwhile waits
    /// for its end.</summary>
    /// <remarks>Where reading fails or is cancelled, the message can't be completed: the connection is closed with 1011.</remarks>
    /// <param name="stream">What to send, from where it stands to its end; it is not disposed.</param>
    /// <param name="cancellationToken">Ends the sending, and with it the connection.</param>
    /// <exception cref="WebSocketDisconnectException">The connection has ended.</exception>
    public Task SendAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return _session.SendStreamAsync(stream, cancellationToken);
    }
}

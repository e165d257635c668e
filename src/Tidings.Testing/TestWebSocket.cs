using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Tidings.Testing;

/// <summary>A WebSocket client for tests. Each call that waits has a limit, and fails with all that was received so far.</summary>
/// <remarks>It reads all the time, and so answers pings and close frames by itself, unless <see cref="StopReading"/> was called. For one test's thread of calls;
/// sending and receiving at once is safe.</remarks>
public sealed class TestWebSocket : IAsyncDisposable
{
    private static readonly UTF8Encoding Utf8 = new(false, true);

    // Masked with zeros (RFC 6455 §5.2), as .NET's own client would put the code 1005 into the frame, where it must not be.
    private static readonly byte[] EmptyClose = [0x88, 0x80, 0, 0, 0, 0];

    private readonly WebSocket _socket;
    private readonly Stream? _stream;
    private readonly Channel<Received> _inbox = Channel.CreateUnbounded<Received>();
    private readonly List<Received> _history = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;
    private int _disposed;
    private TaskCompletionSource _mayRead = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal TestWebSocket(WebSocket socket, Stream? stream)
    {
        _socket = socket;
        _stream = stream;
        _mayRead.SetResult();
        _reading = ReadAllAsync();
    }

    /// <summary>How long each call waits in real time, however time is moved by hand. Default 10 s.</summary>
    public TimeSpan Limit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The subprotocol that the server chose, or null.</summary>
    public string? Subprotocol => string.IsNullOrEmpty(_socket.SubProtocol) ? null : _socket.SubProtocol;

    /// <summary>Sends a text.</summary>
    public Task SendTextAsync(string text) => SendAsync(Utf8.GetBytes(text), WebSocketMessageType.Text);

    /// <summary>Sends a binary message.</summary>
    public Task SendBytesAsync(ReadOnlyMemory<byte> bytes) => SendAsync(bytes, WebSocketMessageType.Binary);

    /// <summary>Sends a value as JSON, in the way of the web (camel case).</summary>
    public Task SendJsonAsync<T>(T value) => SendAsync(JsonSerializer.SerializeToUtf8Bytes(value, JsonSerializerOptions.Web), WebSocketMessageType.Text);

    /// <summary>Receives the next message, which must be text.</summary>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public async Task<string> ReceiveTextAsync() => (await ExpectAsync(ReceivedKind.Text, "a text")).Text;

    /// <summary>Receives the next message, which must be binary.</summary>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public async Task<byte[]> ReceiveBytesAsync() => (await ExpectAsync(ReceivedKind.Binary, "a binary message")).Bytes;

    /// <summary>Receives the next message, which must be JSON that fits <typeparamref name="T"/>.</summary>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public async Task<T> ReceiveJsonAsync<T>()
    {
        var text = await ReceiveTextAsync();
        try
        {
            return JsonSerializer.Deserialize<T>(text, JsonSerializerOptions.Web) ?? throw Failure($"Got null; expected a {typeof(T).Name}.");
        }
        catch (JsonException error)
        {
            throw Failure($"Got a text that is no {typeof(T).Name}: {error.Message}", error);
        }
    }

    /// <summary>Waits for the server's close, which must be the next thing that comes.</summary>
    /// <param name="code">The code it must have; 1006 is an end without a close frame.</param>
    /// <returns>The reason.</returns>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public async Task<string> ExpectCloseAsync(int code)
    {
        var close = await ExpectAsync(ReceivedKind.Close, $"close {code}");
        return close.Code == code ? close.Text : throw Failure($"Expected close {code}, got {close}.");
    }

    /// <summary>Says that the client closes; <see cref="ExpectCloseAsync"/> then gets the server's answer.</summary>
    /// <param name="code">The code; 1005 is a close frame without one, as a browser's <c>close()</c> sends it (in memory only).</param>
    /// <param name="reason">The reason.</param>
    public async Task CloseAsync(int code = 1000, string reason = "")
    {
        using var limit = new CancellationTokenSource(Limit);
        if (code == (int)WebSocketCloseStatus.Empty)
        {
            await (_stream ?? throw new NotSupportedException("A close frame without a code can be sent in memory only.")).WriteAsync(EmptyClose, limit.Token);
            return;
        }

        await _socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, limit.Token);
    }

    /// <summary>Cuts the connection off without a word, as a network does.</summary>
    public void Abort()
    {
        _socket.Abort();
        _stream?.Dispose();
    }

    /// <summary>Reads nothing more, as a client that is too slow: what comes after the next message waits in the network, then in the server.</summary>
    public void StopReading() => _mayRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Goes on reading.</summary>
    public void ResumeReading() => _mayRead.TrySetResult();

    /// <summary>Leaves: without a word where neither side has closed yet.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _stop.CancelAsync();
        Abort();
        ResumeReading();
        await _reading;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await _socket.SendAsync(bytes, type, endOfMessage: true, limit.Token);
        }
        catch (OperationCanceledException error)
        {
            throw Failure($"The server did not take a message within {Limit.TotalSeconds} s.", error);
        }
        catch (WebSocketException error)
        {
            throw Failure("The connection is gone; nothing can be sent.", error);
        }
    }

    private async Task<Received> ExpectAsync(ReceivedKind kind, string what)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var received = await _inbox.Reader.ReadAsync(limit.Token);
            return received.Kind == kind ? received : throw Failure($"Expected {what}, got {received}.");
        }
        catch (OperationCanceledException error)
        {
            throw Failure($"Expected {what}, but nothing came within {Limit.TotalSeconds} s.", error);
        }
        catch (ChannelClosedException error)
        {
            throw Failure($"Expected {what}, but the connection has ended.", error);
        }
    }

    internal TestWebSocketException Failure(string message, Exception? cause = null)
    {
        lock (_history)
        {
            var soFar = _history.Count == 0 ? "nothing" : string.Join("\n", _history.Select(static (received, index) => $"{index + 1}. {received}"));
            return new TestWebSocketException($"{message}\nReceived so far:\n{soFar}", cause);
        }
    }

    private async Task ReadAllAsync()
    {
        var buffer = new byte[16 * 1024];
        var message = new ArrayBufferWriter<byte>();
        var end = new Received(ReceivedKind.Close, "", [], 1006);
        try
        {
            while (true)
            {
                await _mayRead.Task;
                var part = await _socket.ReceiveAsync(buffer.AsMemory(), _stop.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    end = new Received(ReceivedKind.Close, _socket.CloseStatusDescription ?? "", [], (int)(_socket.CloseStatus ?? WebSocketCloseStatus.Empty));
                    await AnswerCloseAsync();
                    break;
                }

                message.Write(buffer.AsSpan(0, part.Count));
                if (part.EndOfMessage)
                {
                    var bytes = message.WrittenSpan.ToArray();
                    message.ResetWrittenCount();
                    Add(part.MessageType == WebSocketMessageType.Text
                        ? new Received(ReceivedKind.Text, Utf8.GetString(bytes), [], 0)
                        : new Received(ReceivedKind.Binary, "", bytes, 0));
                }
            }
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
        }

        Add(end);
        _inbox.Writer.Complete();
    }

    private async Task AnswerCloseAsync()
    {
        if (_socket.State == WebSocketState.CloseReceived)
        {
            var code = _socket.CloseStatus ?? WebSocketCloseStatus.Empty;
            await _socket.CloseOutputAsync(code, null, _stop.Token);
        }
    }

    private void Add(Received received)
    {
        lock (_history)
        {
            _history.Add(received);
        }

        _inbox.Writer.TryWrite(received);
    }

    private enum ReceivedKind
    {
        Text,
        Binary,
        Close,
    }

    private sealed record Received(ReceivedKind Kind, string Text, byte[] Bytes, int Code)
    {
        private const int LongestShown = 200;

        public override string ToString() => Kind switch
        {
            ReceivedKind.Text => $"text \"{(Text.Length > LongestShown ? Text[..LongestShown] + "…" : Text)}\"",
            ReceivedKind.Binary => $"{Bytes.Length} bytes {Convert.ToHexString(Bytes.AsSpan(0, Math.Min(Bytes.Length, 32)))}",
            _ => $"close {Code} \"{Text}\"",
        };
    }
}

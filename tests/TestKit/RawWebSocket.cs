using System.Buffers.Binary;
using System.Text;

namespace TestKit;

/// <summary>A WebSocket client that does exactly what a test says, right or wrong, and nothing by itself: no pong, no close answer.</summary>
public sealed class RawWebSocket : IAsyncDisposable
{
    private const int KeptFrames = 30;

    private readonly Queue<string> _received = [];
    private readonly TimeSpan _limit;
    private long _frames;

    private RawWebSocket(RawTcp tcp, TimeSpan limit)
    {
        Tcp = tcp;
        _limit = limit;
    }

    public RawTcp Tcp { get; }

    /// <summary>Connects and completes the handshake.</summary>
    /// <exception cref="ExpectationException">The server answered something else.</exception>
    public static async Task<RawWebSocket> ConnectAsync(int port, string path, RawOptions? options = null)
    {
        options ??= RawOptions.Default;
        var tcp = await RawTcp.ConnectAsync(port, options);
        try
        {
            var key = RawHandshake.NewKey();
            await tcp.SendAsync(RawHandshake.Request(path, port, key, options.Headers));
            var response = await tcp.ReadResponseAsync();
            if (response.Status != 101 || response.Header("Sec-WebSocket-Accept") != RawHandshake.AcceptOf(key))
            {
                throw new ExpectationException($"The handshake for {path} was answered {response.Status}: {response.Body}");
            }

            return new RawWebSocket(tcp, options.Limit);
        }
        catch
        {
            await tcp.DisposeAsync();
            throw;
        }
    }

    public Task SendAsync(RawFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return Tcp.SendAsync(frame.ToBytes());
    }

    public Task SendTextAsync(string text) => SendAsync(RawFrame.OfText(text));

    public Task SendBinaryAsync(byte[] bytes) => SendAsync(RawFrame.OfBinary(bytes));

    public Task SendPingAsync(string payload = "") => SendAsync(RawFrame.Ping(Encoding.UTF8.GetBytes(payload)));

    public Task SendPongAsync(string payload = "") => SendAsync(RawFrame.Pong(Encoding.UTF8.GetBytes(payload)));

    public Task SendCloseAsync(int? code = 1000, string reason = "") => SendAsync(RawFrame.Close(code, reason));

    /// <summary>Several frames in one write.</summary>
    public Task SendTogetherAsync(params IEnumerable<RawFrame> frames) => Tcp.SendAsync(frames.SelectMany(frame => frame.ToBytes()).ToArray());

    /// <summary>A frame as segments of at most <paramref name="size"/> bytes.</summary>
    public async Task SendInPiecesAsync(RawFrame frame, int size = 1)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var bytes = frame.ToBytes();
        for (var at = 0; at < bytes.Length; at += size)
        {
            await Tcp.SendAsync(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)));
        }
    }

    /// <summary>The next frame.</summary>
    /// <exception cref="ExpectationException">None came within the limit; says what came before.</exception>
    public async Task<RawFrame> ReceiveAsync(TimeSpan? limit = null) =>
        await TryReceiveAsync(limit) ?? throw Failure($"the connection ended ({Tcp.Ended}) where a frame was expected");

    /// <summary>The next frame, or null where the connection ends.</summary>
    public async Task<RawFrame?> TryReceiveAsync(TimeSpan? limit = null)
    {
        while (true)
        {
            if (RawFrame.Parse(Tcp.Buffered) is { } parsed)
            {
                Tcp.Take(parsed.Length);
                Remember(parsed.Frame);
                return parsed.Frame;
            }

            try
            {
                if (!await Tcp.FillAsync(limit ?? _limit))
                {
                    return null;
                }
            }
            catch (OperationCanceledException)
            {
                throw Failure($"no frame within {(limit ?? _limit).TotalSeconds:0.#} s");
            }
        }
    }

    public async Task<string> ReceiveTextAsync(TimeSpan? limit = null)
    {
        var frame = await ReceiveAsync(limit);
        return frame is { Opcode: RawFrame.TextOpcode, Final: true, Reserved: 0, Masked: false } ? frame.Text : throw Failure($"expected a text, got {frame}");
    }

    public async Task ExpectTextAsync(string text)
    {
        var received = await ReceiveTextAsync();
        if (received != text)
        {
            throw Failure($"expected the text \"{Short(text)}\", got \"{Short(received)}\"");
        }
    }

    public Task ExpectBinaryAsync(byte[] bytes) => ExpectAsync(RawFrame.BinaryOpcode, bytes);

    public Task ExpectPingAsync(string payload = "") => ExpectAsync(RawFrame.PingOpcode, Encoding.UTF8.GetBytes(payload));

    public Task ExpectPongAsync(string payload = "") => ExpectAsync(RawFrame.PongOpcode, Encoding.UTF8.GetBytes(payload));

    /// <summary>Expects a close frame next, with this code (null: none) and, where it is given, this reason.</summary>
    public async Task ExpectCloseAsync(int? code, string? reason = null, TimeSpan? limit = null)
    {
        var frame = await ReceiveAsync(limit);
        if (frame.Opcode != RawFrame.CloseOpcode || CodeOf(frame) != code || (reason is not null && ReasonOf(frame) != reason))
        {
            throw Failure($"expected close {code} \"{reason}\", got {frame}");
        }
    }

    /// <summary>The same, after any number of other frames.</summary>
    public async Task ExpectCloseInTheEndAsync(int? code, string? reason = null)
    {
        while (true)
        {
            var frame = await ReceiveAsync();
            if (frame.Opcode == RawFrame.CloseOpcode)
            {
                if (CodeOf(frame) != code || (reason is not null && ReasonOf(frame) != reason))
                {
                    throw Failure($"expected close {code} \"{reason}\", got {frame}");
                }

                return;
            }
        }
    }

    /// <summary>Expects that the server ends the TCP connection and sends nothing more; says how.</summary>
    public async Task<TcpEnd> ExpectEndAsync()
    {
        var frame = await TryReceiveAsync();
        return frame is null ? Tcp.Ended!.Value : throw Failure($"expected the end of the connection, got {frame}");
    }

    /// <summary>Expects the end in order: a peer must never lose the close frame to a reset.</summary>
    public async Task ExpectEofAsync()
    {
        var end = await ExpectEndAsync();
        if (end != TcpEnd.Eof || Tcp.Buffered.Length != 0)
        {
            throw Failure($"expected the connection to end in order, got {end} after {Tcp.Buffered.Length} bytes of a frame");
        }
    }

    public static int? CodeOf(RawFrame close)
    {
        ArgumentNullException.ThrowIfNull(close);
        return close.Payload.Length < 2 ? null : BinaryPrimitives.ReadUInt16BigEndian(close.Payload);
    }

    public static string ReasonOf(RawFrame close)
    {
        ArgumentNullException.ThrowIfNull(close);
        return close.Payload.Length < 2 ? "" : Encoding.UTF8.GetString(close.Payload.AsSpan(2));
    }

    public ValueTask DisposeAsync() => Tcp.DisposeAsync();

    private async Task ExpectAsync(int opcode, byte[] payload)
    {
        var frame = await ReceiveAsync();
        if (frame.Opcode != opcode || !frame.Final || frame.Reserved != 0 || frame.Masked || !frame.Payload.AsSpan().SequenceEqual(payload))
        {
            throw Failure($"expected {new RawFrame(opcode, payload) { Masked = false }}, got {frame}");
        }
    }

    private void Remember(RawFrame frame)
    {
        _received.Enqueue($"#{++_frames} {frame}");
        if (_received.Count > KeptFrames)
        {
            _received.Dequeue();
        }
    }

    private ExpectationException Failure(string what)
    {
        var rest = Tcp.Buffered.Length == 0 ? "" : $"\n  {Tcp.Buffered.Length} bytes that are no whole frame";
        return new ExpectationException($"{what}; received so far:{(_frames == 0 ? " nothing" : "\n  " + string.Join("\n  ", _received))}{rest}");
    }

    private static string Short(string text) => text.Length <= 200 ? text : text[..200] + "…";
}

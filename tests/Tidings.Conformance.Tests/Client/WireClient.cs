using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tidings.Conformance.Tests.Client;

/// <summary>How the server ended the TCP connection.</summary>
internal enum Ending
{
    InOrder,
    Reset,
}

/// <summary>The suite's own WebSocket client: it says only what a case says, and judges what comes.</summary>
internal sealed class WireClient : IAsyncDisposable
{
    /// <summary>How long any answer may take on a machine that others use too.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>How soon the server has to end the TCP connection after both close frames (RFC 6455 §7.1.1).</summary>
    public static readonly TimeSpan PromptEnd = TimeSpan.FromSeconds(1);

    private readonly Socket _socket;
    private byte[] _buffer = new byte[8192];
    private int _start;
    private int _end;

    private WireClient(Socket socket) => _socket = socket;

    /// <summary>The value of <c>Sec-WebSocket-Extensions</c> in the answer, or null.</summary>
    public string? Extensions { get; private set; }

    public static async Task<WireClient> OpenAsync(int port, string? offer = null, string path = "/ws/echo")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var client = new WireClient(socket);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await client.ShakeHandsAsync(port, path, offer);
            return client;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends, in pieces of <paramref name="chop"/> bytes where it is not 0. What a server refuses that has failed the connection is no fault of it.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes, int chop = 0)
    {
        try
        {
            for (var at = 0; at < bytes.Length;)
            {
                var piece = bytes.Slice(at, chop == 0 ? bytes.Length : Math.Min(chop, bytes.Length - at));
                while (!piece.IsEmpty)
                {
                    var sent = await _socket.SendAsync(piece);
                    piece = piece[sent..];
                    at += sent;
                }
            }
        }
        catch (SocketException)
        {
        }
    }

    public Task SendAsync(IEnumerable<byte[]> frames, int chop = 0) => SendAsync(frames.SelectMany(static frame => frame).ToArray(), chop);

    /// <summary>The next frame; null at the end of the connection.</summary>
    public async Task<WireFrame?> ReceiveAsync(TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? Patience);
        while (true)
        {
            if (WireFrame.TryRead(_buffer.AsSpan(_start, _end - _start), out var used) is { } frame)
            {
                _start += used;
                if (frame.Masked)
                {
                    throw new ConformanceException("a server's frame is masked");
                }

                return frame;
            }

            try
            {
                if (!await FillAsync(limit.Token))
                {
                    return null;
                }
            }
            catch (OperationCanceledException)
            {
                throw new ConformanceException("no answer in time");
            }
        }
    }

    /// <summary>Nothing comes, and the connection stands.</summary>
    public async Task ExpectSilenceAsync(TimeSpan time)
    {
        using var limit = new CancellationTokenSource(time);
        try
        {
            await FillAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        throw new ConformanceException(WireFrame.TryRead(_buffer.AsSpan(_start, _end - _start), out _)?.ToString() ?? "the end came where nothing should");
    }

    /// <summary>The end of the connection, with nothing before it, soon.</summary>
    public async Task<Ending> ExpectEndAsync()
    {
        var clock = Stopwatch.StartNew();
        try
        {
            if (await ReceiveAsync(PromptEnd) is { } frame)
            {
                throw new ConformanceException($"{frame} where the connection should end");
            }
        }
        catch (SocketException)
        {
            return Ending.Reset;
        }

        return clock.Elapsed <= PromptEnd ? Ending.InOrder : throw new ConformanceException("the end came late");
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task ShakeHandsAsync(int port, string path, string? offer)
    {
        var extensions = offer is null ? "" : $"Sec-WebSocket-Extensions: {offer}\r\n";
        await SendAsync(Encoding.ASCII.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n{extensions}\r\n"));
        using var limit = new CancellationTokenSource(Patience);
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (!await FillAsync(limit.Token))
            {
                throw new ConformanceException("the connection ended in the handshake");
            }
        }

        var head = Encoding.ASCII.GetString(_buffer, _start, length);
        _start += length + 4;
        if (!head.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal) || !head.Contains("\r\nSec-WebSocket-Accept: Bz3qJYTGdOe8gUSpLosEdiLKDrk=", StringComparison.OrdinalIgnoreCase))
        {
            throw new ConformanceException($"the handshake was answered: {head}");
        }

        Extensions = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Sec-WebSocket-Extensions:", StringComparison.OrdinalIgnoreCase))?.Split(':', 2)[1].Trim();
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_end == _buffer.Length)
        {
            var bytes = _end - _start;
            var target = bytes > _buffer.Length / 2 ? new byte[2 * _buffer.Length] : _buffer;
            Buffer.BlockCopy(_buffer, _start, target, 0, bytes);
            (_buffer, _start, _end) = (target, 0, bytes);
        }

        var received = await _socket.ReceiveAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += received;
        return received > 0;
    }
}

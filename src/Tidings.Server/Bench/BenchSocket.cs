using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Tidings.Protocol.Frames;
using Tidings.Server.Remote;

namespace Tidings.Server.Bench;

/// <summary>What a connection of a run hears.</summary>
internal interface IBenchListener
{
    /// <summary>A text message, valid for this call.</summary>
    void OnText(ReadOnlySpan<byte> text);
}

/// <summary>
/// A WebSocket client of few bytes: its buffer, one task, and the reader that the server has. Thousands of <c>ClientWebSocket</c> would take
/// several times the memory and the processor, and the tool would be measured instead of the server.
/// </summary>
internal sealed class BenchSocket : IAsyncDisposable
{
    private const int LongestHead = 4096;

    private static readonly MessageRules Rules = new(MessageRules.LargestMessage, MessageRules.LargestMessage, Text: true, Binary: true);

    private readonly Stream _stream;
    private readonly byte[] _buffer;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly byte[] _small = new byte[FrameWriting.LongestHeader + FrameReader.ControlPayload];
    private MessageReader _reader = new(fromClient: false, allowCompressed: false);
    private int _early;
    private int _pongLength = -1;
    private string? _end;

    private BenchSocket(Stream stream, byte[] buffer)
    {
        _stream = stream;
        _buffer = buffer;
    }

    /// <summary>Connects and shakes hands.</summary>
    /// <exception cref="IOException">It was refused; the message says how.</exception>
    public static async Task<BenchSocket> ConnectAsync(BenchPlan plan, string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(plan.Url.IdnHost, plan.Url.Port, cancellationToken);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (plan.Url.Scheme == "https")
            {
                var secure = new SslStream(stream);
                await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = plan.Url.IdnHost }, cancellationToken);
                stream = secure;
            }

            var connection = new BenchSocket(stream, new byte[Math.Clamp(plan.Size + 512, LongestHead, 16 * 1024)]);
            await connection.ShakeHandsAsync(plan, path, cancellationToken);
            return connection;
        }
        catch (Exception error)
        {
            socket.Dispose();
            throw error is OperationCanceledException ? error : new IOException(RemoteFaults.Innermost(error), error);
        }
    }

    /// <summary>Reads until the connection ends, or is disposed: a token would cost every read a registration.</summary>
    /// <returns>How it ended.</returns>
    public async Task<string> ListenAsync(IBenchListener listener)
    {
        try
        {
            var length = _early;
            do
            {
                Feed(_buffer.AsSpan(0, length), listener);
                if (_pongLength >= 0)
                {
                    await SendPongAsync();
                }

                length = _end is null ? await _stream.ReadAsync(_buffer) : 0;
            }
            while (length > 0);
            return _end ?? "ended without a word";
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            return RemoteFaults.Innermost(error);
        }
    }

    /// <summary>Sends a text message. Its bytes are masked where they lie.</summary>
    /// <param name="frame">Room for a header of <see cref="FrameWriting.LongestHeader"/> bytes, then the text.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async ValueTask SendTextAsync(Memory<byte> frame, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _stream.WriteAsync(FrameWriting.Mask(frame, Opcode.Text), cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _sending.Dispose();
    }

    private void Feed(Span<byte> input, IBenchListener listener)
    {
        while (_end is null)
        {
            var message = _reader.Read(ref input, Rules);
            switch (message.Kind)
            {
                case MessageEventKind.NeedMore:
                    return;
                case MessageEventKind.Text:
                    listener.OnText(message.Payload);
                    break;
                case MessageEventKind.Ping:
                    message.Payload.CopyTo(_small.AsSpan(FrameWriting.LongestHeader));
                    _pongLength = message.Payload.Length;
                    break;
                case MessageEventKind.Close:
                    _end = $"closed with {message.CloseCode} {Encoding.UTF8.GetString(message.Payload)}".TrimEnd();
                    break;
                case MessageEventKind.Error:
                    _end = $"the server broke the protocol: {message.Error}";
                    break;
            }
        }
    }

    private async Task SendPongAsync()
    {
        await _sending.WaitAsync();
        try
        {
            await _stream.WriteAsync(FrameWriting.Mask(_small.AsMemory(0, FrameWriting.LongestHeader + _pongLength), Opcode.Pong));
            _pongLength = -1;
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ShakeHandsAsync(BenchPlan plan, string path, CancellationToken cancellationToken)
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        var token = plan.Token is null ? "" : $"Authorization: Bearer {plan.Token}\r\n";
        var request = $"GET {plan.Url.AbsolutePath}{path} HTTP/1.1\r\nHost: {plan.Url.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{token}\r\n";
        await _stream.WriteAsync(Encoding.ASCII.GetBytes(request), cancellationToken);
        var length = 0;
        int end;
        while ((end = _buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            var read = length < _buffer.Length ? await _stream.ReadAsync(_buffer.AsMemory(length), cancellationToken) : 0;
            length += read > 0 ? read : throw new IOException("no answer to the handshake");
        }

        var status = Encoding.ASCII.GetString(_buffer, 0, _buffer.AsSpan(0, end + 2).IndexOf("\r\n"u8));
        if (!status.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal))
        {
            throw new IOException(status.Split(' ') is [_, var digits, ..] && int.TryParse(digits, CultureInfo.InvariantCulture, out var code)
                ? $"the handshake was answered {code} {ReasonPhrases.GetReasonPhrase(code)}"
                : "what answered the handshake speaks no HTTP");
        }

        // What came with the head is the beginning of the first frame.
        _early = length - end - 4;
        _buffer.AsSpan(end + 4, _early).CopyTo(_buffer);
    }
}

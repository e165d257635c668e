using System.Net;
using System.Net.WebSockets;
using System.Runtime.Versioning;
using System.Text.Json;
using Tidings.Client.Commands;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Transports;

/// <summary>The channel protocol over one WebSocket.</summary>
internal sealed class WebSocketTransport : ITransport
{
    private const int FirstBuffer = 4 * 1024;
    private const int LargestKept = 64 * 1024;
    private const string TokenSubprotocol = "bearer.";

    private readonly ClientWebSocket _socket;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly TimeProvider _time;
    private readonly int _most;
    private byte[] _buffer = new byte[FirstBuffer];
    private long _lastHeard;

    private WebSocketTransport(ClientWebSocket socket, int most, TimeProvider time)
    {
        _socket = socket;
        _most = most;
        _time = time;
        _lastHeard = time.GetTimestamp();
    }

    public ClientTransport Kind => ClientTransport.WebSocket;

    public long LastHeard => Volatile.Read(ref _lastHeard);

    /// <summary>Shakes hands.</summary>
    /// <exception cref="TransportException">It could not.</exception>
    public static async Task<WebSocketTransport> OpenAsync(
        ServerAddress address, string? token, RequestHeaders headers, HttpMessageInvoker http, TidingsClientOptions options, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        using var handshake = new HandshakeInvoker(http);
        try
        {
            if (options.Binary)
            {
                socket.Options.AddSubProtocol(ProtocolVersion.BinarySubprotocol);
            }

            socket.Options.AddSubProtocol(ProtocolVersion.Subprotocol);
            if (options.Platform.OwnsRequests)
            {
                socket.Options.KeepAliveInterval = TimeSpan.Zero;
                socket.Options.CollectHttpResponseDetails = true;
                foreach (var (name, value) in headers.For(token))
                {
                    socket.Options.SetRequestHeader(name, value);
                }

                await socket.ConnectAsync(address.WebSocket, handshake, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                if (token is not null)
                {
                    socket.Options.AddSubProtocol(TokenSubprotocol + token);
                }

                await socket.ConnectAsync(address.WebSocket, cancellationToken).ConfigureAwait(false);
            }

            return new WebSocketTransport(socket, options.MaxMessageBytes, options.TimeProvider);
        }
        catch (WebSocketException error) when (options.Platform.OwnsRequests)
        {
            throw Refused(socket, handshake.Refused, error);
        }
        catch (WebSocketException error)
        {
            throw new TransportException(DisconnectCode.Abnormal, error);
        }
        finally
        {
            if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
            {
                socket.Dispose();
            }
        }
    }

    // What an older server, which does not know it, has not agreed to.
    private bool IsBinary => _socket.SubProtocol == ProtocolVersion.BinarySubprotocol;

    public ValueTask<ServerFrame> ReceiveAsync(CancellationToken cancellationToken) =>
        ReceiveAsync(static text => ServerFrame.Parse(text), cancellationToken, IsBinary ? static message => ServerFrame.ParseBinary(message) : null);

    /// <summary>The next text as it is, for feeds that speak no frames of <c>/connect</c>.</summary>
    /// <exception cref="TransportException">The connection has ended.</exception>
    public ValueTask<JsonElement> ReceiveJsonAsync(CancellationToken cancellationToken) => ReceiveAsync(
        static text =>
        {
            var reader = new Utf8JsonReader(text);
            return JsonElement.ParseValue(ref reader);
        },
        cancellationToken);

    private async ValueTask<T> ReceiveAsync<T>(Func<ReadOnlySpan<byte>, T> parse, CancellationToken cancellationToken, Func<ReadOnlySpan<byte>, T>? parseBinary = null)
    {
        while (true)
        {
            var (length, type) = await ReadMessageAsync(cancellationToken).ConfigureAwait(false);
            if (type == WebSocketMessageType.Close)
            {
                throw Closed();
            }

            // Who has not asked for binary frames passes them over.
            if ((type == WebSocketMessageType.Text ? parse : parseBinary) is { } read)
            {
                try
                {
                    return read(_buffer.AsSpan(0, length));
                }
                catch (JsonException error)
                {
                    throw new TransportException(DisconnectCode.Abnormal, error);
                }
                finally
                {
                    if (_buffer.Length > LargestKept)
                    {
                        _buffer = new byte[FirstBuffer];
                    }
                }
            }
        }
    }

    public async ValueTask SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken)
    {
        foreach (var command in commands)
        {
            var binary = IsBinary ? command.Binary : null;
            await SendAsync(binary ?? command.Json, binary is null ? WebSocketMessageType.Text : WebSocketMessageType.Binary, cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask SendSignAsync(ReadOnlyMemory<byte> sign, CancellationToken cancellationToken) => SendAsync(sign, WebSocketMessageType.Text, cancellationToken);

    private async ValueTask SendAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _socket.SendAsync(message, type, WebSocketMessageFlags.EndOfMessage, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            throw new TransportException(DisconnectCode.Abnormal, error);
        }
        finally
        {
            _sending.Release();
        }
    }

    public async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // It ends all the same: whoever calls this disposes next.
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<(int Length, WebSocketMessageType Type)> ReadMessageAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            try
            {
                var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _lastHeard, _time.GetTimestamp());
                length += part.Count;
                if (part.MessageType == WebSocketMessageType.Close || part.EndOfMessage)
                {
                    return (length, part.MessageType);
                }
            }
            catch (Exception error) when (error is WebSocketException or ObjectDisposedException or InvalidOperationException)
            {
                throw new TransportException(DisconnectCode.Abnormal, error);
            }

            if (length > _most)
            {
                throw new TransportException(DisconnectCode.MessageTooLarge);
            }

            if (length == _buffer.Length)
            {
                Array.Resize(ref _buffer, (int)Math.Min(_buffer.Length * 2L, _most + 1L));
            }
        }
    }

    private TransportException Closed() =>
        new(_socket.CloseStatus is { } status
            ? new DisconnectCode((ushort)status, _socket.CloseStatusDescription ?? "")
            : DisconnectCode.NoStatus) { Final = true };

    [UnsupportedOSPlatform("browser")]
    private static TransportException Refused(ClientWebSocket socket, DisconnectCode? refused, WebSocketException error)
    {
        if (error.InnerException is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError })
        {
            return new TransportException(DisconnectCode.Abnormal, error) { Unreachable = true };
        }

        // What else refuses an upgrade may be something on the way that lets plain requests through.
        return new TransportException(refused ?? CloseCodes.OfStatus((int)socket.HttpStatusCode), error)
        {
            Final = socket.HttpStatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable,
            After = RetryAfter.Read(socket.HttpResponseHeaders),
        };
    }
}

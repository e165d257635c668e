using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TestKit;

/// <summary>How a peer ended a TCP connection.</summary>
public enum TcpEnd
{
    /// <summary>In order: all that was sent has arrived.</summary>
    Eof,

    /// <summary>By a reset: what was on its way may be lost.</summary>
    Reset,
}

/// <summary>How to connect.</summary>
public sealed record RawOptions
{
    public static readonly RawOptions Default = new();

    /// <summary>The address to come from, as 127.0.0.2.</summary>
    public string? From { get; init; }

    /// <summary>The kernel's receive buffer in bytes: a small one makes a slow reader felt early.</summary>
    public int? ReceiveBuffer { get; init; }

    /// <summary>Headers besides those of a right handshake; one of the same name takes its place, null leaves it out.</summary>
    public IReadOnlyList<(string Name, string? Value)> Headers { get; init; } = [];

    /// <summary>How long any one wait may take.</summary>
    public TimeSpan Limit { get; init; } = Eventually.Limit;
}

/// <summary>An HTTP response as it came.</summary>
public sealed record RawResponse(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>A TCP connection to a server on this machine, over which any bytes can be sent at any time.</summary>
public sealed class RawTcp : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly TimeSpan _limit;
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;
    private TcpEnd? _ended;

    private RawTcp(Socket socket, TimeSpan limit)
    {
        _socket = socket;
        _limit = limit;
    }

    /// <summary>Bytes that came and were not taken yet.</summary>
    public ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    /// <summary>How the peer ended the connection, as far as was read.</summary>
    public TcpEnd? Ended => _ended;

    public IPEndPoint LocalEndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    public static async Task<RawTcp> ConnectAsync(int port, RawOptions? options = null)
    {
        options ??= RawOptions.Default;
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (options.ReceiveBuffer is { } bytes)
            {
                socket.ReceiveBufferSize = bytes;
            }

            if (options.From is { } from)
            {
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            }

            using var limit = new CancellationTokenSource(options.Limit);
            await socket.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            return new RawTcp(socket, options.Limit);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <exception cref="ExpectationException">The peer takes nothing any more.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (!await TrySendAsync(bytes))
        {
            throw new ExpectationException("The peer took no more bytes, or has ended the connection.");
        }
    }

    /// <returns>False where the peer has ended the connection, or took nothing within the limit.</returns>
    public async Task<bool> TrySendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var limit = new CancellationTokenSource(_limit);
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await _socket.SendAsync(bytes, limit.Token)..];
            }

            return true;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Waits for more bytes.</summary>
    /// <returns>False at the end of the connection; <see cref="Ended"/> then says how it came.</returns>
    /// <exception cref="OperationCanceledException">Nothing came within the limit.</exception>
    public async Task<bool> FillAsync(TimeSpan? limit = null)
    {
        if (_ended is not null)
        {
            return false;
        }

        MakeRoom();
        using var bound = new CancellationTokenSource(limit ?? _limit);
        try
        {
            var count = await _socket.ReceiveAsync(_buffer.AsMemory(_end), bound.Token);
            _end += count;
            _ended = count == 0 ? TcpEnd.Eof : null;
        }
        catch (SocketException)
        {
            _ended = TcpEnd.Reset;
        }

        return _ended is null;
    }

    /// <summary>Takes <paramref name="count"/> of the buffered bytes.</summary>
    public byte[] Take(int count)
    {
        var taken = _buffer.AsSpan(_start, count).ToArray();
        _start += count;
        return taken;
    }

    /// <summary>Reads an HTTP response; its body by its length, or to the end of the connection.</summary>
    public async Task<RawResponse> ReadResponseAsync()
    {
        try
        {
            return await ReadResponseCoreAsync();
        }
        catch (OperationCanceledException)
        {
            throw new ExpectationException($"No whole HTTP response within {_limit.TotalSeconds} s; received so far: \"{Encoding.Latin1.GetString(Buffered)}\"");
        }
    }

    /// <summary>Says that nothing more will be sent.</summary>
    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection by a reset.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<RawResponse> ReadResponseCoreAsync()
    {
        int length;
        while ((length = Buffered.IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (!await FillAsync())
            {
                throw new ExpectationException($"The connection ended ({_ended}) before a whole HTTP response; received: \"{Encoding.Latin1.GetString(Buffered)}\"");
            }
        }

        var lines = Encoding.Latin1.GetString(Take(length + 4)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1)
            .Select(line => line.Split(':', 2))
            .GroupBy(parts => parts[0].Trim(), parts => parts[1].Trim(), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => string.Join(", ", group), StringComparer.OrdinalIgnoreCase);
        var status = int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        return new RawResponse(status, headers, status == 101 ? "" : await ReadBodyAsync(headers));
    }

    private async Task<string> ReadBodyAsync(Dictionary<string, string> headers)
    {
        if (headers.TryGetValue("Content-Length", out var text))
        {
            var length = int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
            while (Buffered.Length < length && await FillAsync())
            {
            }

            return Encoding.UTF8.GetString(Take(Math.Min(length, Buffered.Length)));
        }

        if (headers.ContainsKey("Transfer-Encoding"))
        {
            while (Buffered.IndexOf("0\r\n\r\n"u8) < 0 && await FillAsync())
            {
            }
        }

        return Encoding.UTF8.GetString(Take(Buffered.Length));
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            Buffered.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }
    }
}

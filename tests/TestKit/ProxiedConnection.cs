using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TestKit;

/// <summary>One connection through a <see cref="FaultProxy"/>.</summary>
internal sealed class ProxiedConnection(Socket near, FaultProxy proxy, CancellationToken end) : IDisposable
{
    private const int LongestHead = 16 * 1024;
    private static readonly TimeSpan StallStep = TimeSpan.FromMilliseconds(10);

    private readonly Socket _far = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _cut = CancellationTokenSource.CreateLinkedTokenSource(end);
    private volatile bool _halfOpen;

    /// <summary>Until both directions have ended, or it is cut.</summary>
    public async Task RunAsync()
    {
        near.NoDelay = true;
        var target = proxy.Route?.Invoke() ?? proxy.Target;
        if (target == 0)
        {
            Reset(near);
            return;
        }

        await _far.ConnectAsync(new IPEndPoint(IPAddress.Loopback, target), _cut.Token);
        if (!await AdmitAsync())
        {
            return;
        }

        await Task.WhenAll(PassAsync(near, _far, proxy.Up, null), PassAsync(_far, near, proxy.Down, proxy.DownFilter?.Invoke()));
        if (_halfOpen)
        {
            await DrainAsync(near);
        }
    }

    public void Cut()
    {
        _cut.Cancel();
        Reset(near);
        Reset(_far);
    }

    public void HalfOpen()
    {
        _halfOpen = true;
        Reset(_far);
    }

    public void Dispose()
    {
        near.Dispose();
        _far.Dispose();
        _cut.Dispose();
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }

        socket.Dispose();
    }

    // Reads the head where it is looked at, and passes it on; false where it was not admitted, and has been held until the end.
    private async Task<bool> AdmitAsync()
    {
        if (proxy.Admits is not { } admits)
        {
            return true;
        }

        var head = new byte[LongestHead];
        var length = 0;
        while (length < head.Length && !head.AsSpan(0, length).EndsWith("\r\n\r\n"u8) && head.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
        {
            var count = await near.ReceiveAsync(head.AsMemory(length), _cut.Token);
            if (count == 0)
            {
                return false;
            }

            length += count;
        }

        if (!admits(Encoding.Latin1.GetString(head, 0, length)))
        {
            await DrainAsync(near);
            return false;
        }

        await _far.SendAsync(head.AsMemory(0, length), _cut.Token);
        return true;
    }

    private async Task PassAsync(Socket from, Socket to, FaultProxy.Direction direction, IByteFilter? filter)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                await WhileStalledAsync(direction);
                var count = await from.ReceiveAsync(buffer, _cut.Token);
                await WhileStalledAsync(direction);
                if (count == 0)
                {
                    to.Shutdown(SocketShutdown.Send);
                    return;
                }

                ReadOnlyMemory<byte> bytes = buffer.AsMemory(0, count);
                await PassAsync(filter is null ? bytes : await filter.PassAsync(bytes, _cut.Token), to, direction);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            if (!_halfOpen)
            {
                Cut();
            }
        }
    }

    private async Task PassAsync(ReadOnlyMemory<byte> bytes, Socket to, FaultProxy.Direction direction)
    {
        switch (direction.Fault)
        {
            case Fault.Blackhole:
                return;
            case Fault.Dribble:
                for (var i = 0; i < bytes.Length; i++)
                {
                    await to.SendAsync(bytes.Slice(i, 1), _cut.Token);
                }

                return;
            case Fault.Delay:
                await Task.Delay(direction.Delay < FaultProxy.Longest ? direction.Delay : FaultProxy.Longest, _cut.Token);
                goto default;
            default:
                for (var sent = 0; sent < bytes.Length;)
                {
                    sent += await to.SendAsync(bytes[sent..], _cut.Token);
                }

                return;
        }
    }

    private async Task WhileStalledAsync(FaultProxy.Direction direction)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (direction.Fault == Fault.Stall && TimeProvider.System.GetElapsedTime(since) < FaultProxy.Longest)
        {
            await Task.Delay(StallStep, _cut.Token);
        }
    }

    // Takes what comes and answers nothing, until the client goes.
    private async Task DrainAsync(Socket from)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token);
        limit.CancelAfter(FaultProxy.Longest);
        var buffer = new byte[4 * 1024];
        while (await from.ReceiveAsync(buffer, limit.Token) > 0)
        {
        }
    }
}

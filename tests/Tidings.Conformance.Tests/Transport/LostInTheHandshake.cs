using System.Net;
using System.Net.Sockets;
using Tidings.AspNetCore.Kestrel;
using Tidings.Conformance.Tests.Infrastructure;
using Tidings.Lanes;

namespace Tidings.Conformance.Tests.Transport;

/// <summary>A connection that breaks in its handshake is closed once: a second time its number is another's.</summary>
[Collection(Alone.Name)]
public class LostInTheHandshake
{
    [Fact]
    public async Task A_reset_before_the_next_request_closes_the_descriptor_once()
    {
        var head = RawHead.Bytes(RawHead.Upgrade());
        var pipe = new DetachablePipe(AcceptReset(), head);
        var read = await pipe.Input.ReadAsync();
        pipe.Input.AdvanceTo(read.Buffer.End);
        await Assert.ThrowsAnyAsync<IOException>(async () => await pipe.Input.ReadAsync());
        Assert.False(pipe.TryTake(out _, out _));
        await pipe.DisposeAsync();

        var heirs = Enumerable.Range(0, 8).Select(_ => Libc.eventfd(0, Libc.NONBLOCK | Libc.CLOEXEC)).ToList();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        foreach (var heir in heirs)
        {
            Assert.True(Libc.close(heir) == 0, "somebody else has closed it");
        }
    }

    private static unsafe int AcceptReset()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
        client.Connect(listener.LocalEndPoint!);
        var descriptor = Libc.accept4((int)listener.SafeHandle.DangerousGetHandle(), null, null, Libc.NONBLOCK | Libc.CLOEXEC);
        client.Dispose();
        return descriptor;
    }
}

using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary>WebSockets over HTTP/2 (RFC 8441) take the stream pump, whatever is configured.</summary>
public sealed class Http2Tests
{
    [Fact]
    public async Task A_room_is_open_to_extended_connect_and_closes_in_order()
    {
        await using var server = await TestServer.StartAsync(Pump.Streams, configure: builder =>
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2)));
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var invoker = new HttpMessageInvoker(handler);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Port}/ws/lobby"), invoker, limit.Token);
        await socket.SendAsync(Encoding.UTF8.GetBytes("<over> HTTP/2"), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        var buffer = new byte[1000];
        var received = await socket.ReceiveAsync(buffer, limit.Token);
        Assert.Equal("[lobby] &lt;over&gt; HTTP/2", Encoding.UTF8.GetString(buffer, 0, received.Count));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }
}

using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Tidings.AspNetCore.Tests.Endpoints;

/// <summary>What only real servers have: HTTP/2, compression.</summary>
public abstract class TransportTests(HostKind host)
{
    public sealed class OverStreams() : TransportTests(HostKind.Streams);

    public sealed class OverLanes() : TransportTests(HostKind.Lanes);

    [Fact]
    public async Task Http2_asks_by_connect()
    {
        await using var app = await StartAsync(EchoAsync, builder => builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2)));
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var limit = new CancellationTokenSource(EndpointApp.Limit);
        await socket.ConnectAsync(UriOf(app), invoker, limit.Token);
        Assert.Equal("hello", await RoundTripAsync(socket, "hello", limit.Token));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
    }

    [Fact]
    public async Task Compression_is_agreed_on_and_used()
    {
        await using var app = await StartAsync(EchoAsync);
        using var socket = new ClientWebSocket();
        socket.Options.DangerousDeflateOptions = new WebSocketDeflateOptions { ClientContextTakeover = false, ServerContextTakeover = false };
        using var limit = new CancellationTokenSource(EndpointApp.Limit);
        await socket.ConnectAsync(UriOf(app), limit.Token);
        foreach (var length in new[] { 0, 10, 1_000, 100_000, 900_000 })
        {
            var text = Convert.ToHexString(RandomNumberGenerator.GetBytes(length / 2));
            Assert.Equal(text, await RoundTripAsync(socket, text, limit.Token));
        }
    }

    [Fact]
    public async Task A_lagging_handler_slows_a_peer_that_compresses_too()
    {
        const int Messages = 1_000;
        var go = new TaskCompletionSource();
        await using var app = await StartAsync(async ws =>
        {
            await ws.AcceptAsync();
            await go.Task;
            var count = 0;
            while (count < Messages && await ws.ReceiveTextAsync() is { } text)
            {
                Assert.StartsWith($"{count++} ", text, StringComparison.Ordinal);
            }

            await ws.SendTextAsync($"{count}");
        });
        using var socket = new ClientWebSocket();
        socket.Options.DangerousDeflateOptions = new WebSocketDeflateOptions { ClientContextTakeover = false, ServerContextTakeover = false };
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        await socket.ConnectAsync(UriOf(app), limit.Token);
        var noise = Convert.ToHexString(RandomNumberGenerator.GetBytes(32 * 1024));
        var sent = 0;
        var sending = Task.Run(async () =>
        {
            for (; sent < Messages; sent++)
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes($"{sent} {noise}").AsMemory(), WebSocketMessageType.Text, true, limit.Token);
            }
        });

        // 32 MB on the wire: more than the buffers on the way hold.
        var last = -1;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(300));
        while (!sending.IsCompleted && Volatile.Read(ref sent) != last)
        {
            last = sent;
            await timer.WaitForNextTickAsync(limit.Token);
        }

        Assert.False(sending.IsCompleted);
        go.SetResult();
        await sending;
        Assert.Equal($"{Messages}", await ReceiveAsync(socket, limit.Token));
    }

    private static Uri UriOf(EndpointApp app) => new(app.App.Urls.First().Replace("http", "ws", StringComparison.Ordinal) + "/ws");

    private static async Task<string> RoundTripAsync(ClientWebSocket socket, string text, CancellationToken cancellationToken)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(text).AsMemory(), WebSocketMessageType.Text, true, cancellationToken);
        return await ReceiveAsync(socket, cancellationToken);
    }

    private static async Task<string> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[1024 * 1024];
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            length += part.Count;
            if (part.EndOfMessage)
            {
                return Encoding.UTF8.GetString(buffer, 0, length);
            }
        }
    }

    private static async Task EchoAsync(WebSocketConnection ws)
    {
        while (await ws.ReceiveTextAsync() is { } text)
        {
            await ws.SendTextAsync(text);
        }
    }

    private Task<EndpointApp> StartAsync(Func<WebSocketConnection, Task> handler, Action<WebApplicationBuilder>? configure = null) =>
        EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", handler), configure);
}

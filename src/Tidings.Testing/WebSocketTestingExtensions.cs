using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Tidings.Testing;

/// <summary>Connects tests to WebSocket routes.</summary>
public static class WebSocketTestingExtensions
{
    private static readonly Uri Local = new("http://localhost/");

    /// <summary>Connects to a started application: in memory where it was built with <c>builder.WebHost.UseTestServer()</c>, and no port is
    /// used; over loopback where it runs on a real server.</summary>
    /// <param name="app">The application.</param>
    /// <param name="url">Path and query, as <c>/ws?token=…</c>, or a whole URL.</param>
    /// <param name="headers">Headers of the handshake.</param>
    /// <param name="cookies">Cookies of the handshake.</param>
    /// <param name="subprotocols">Subprotocols that the client offers.</param>
    /// <param name="cancellationToken">Ends the waiting for the handshake, which has 10 s in any case.</param>
    /// <exception cref="WebSocketRefusedException">The handshake was answered with another status.</exception>
    public static Task<TestWebSocket> ConnectWebSocketAsync(
        this WebApplication app,
        string url,
        Dictionary<string, string>? headers = null,
        Dictionary<string, string>? cookies = null,
        IEnumerable<string>? subprotocols = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app.Services.GetRequiredService<IServer>() is TestServer server
            ? server.ConnectWebSocketAsync(url, headers, cookies, subprotocols, cancellationToken)
            : SocketHandshake.ConnectAsync(new Uri(SocketHandshake.AddressOf(app), url), headers, cookies, subprotocols, cancellationToken);
    }

    /// <summary>Connects in memory to the application of a factory.</summary>
    /// <param name="factory">The factory; it starts the application where that is still to be done.</param>
    /// <param name="url">Path and query, as <c>/ws?token=…</c>, or a whole URL.</param>
    /// <param name="headers">Headers of the handshake.</param>
    /// <param name="cookies">Cookies of the handshake.</param>
    /// <param name="subprotocols">Subprotocols that the client offers.</param>
    /// <param name="cancellationToken">Ends the waiting for the handshake, which has 10 s in any case.</param>
    /// <exception cref="WebSocketRefusedException">The handshake was answered with another status.</exception>
    public static Task<TestWebSocket> ConnectWebSocketAsync<TEntryPoint>(
        this WebApplicationFactory<TEntryPoint> factory,
        string url,
        Dictionary<string, string>? headers = null,
        Dictionary<string, string>? cookies = null,
        IEnumerable<string>? subprotocols = null,
        CancellationToken cancellationToken = default)
        where TEntryPoint : class
    {
        ArgumentNullException.ThrowIfNull(factory);
        return factory.Server.ConnectWebSocketAsync(url, headers, cookies, subprotocols, cancellationToken);
    }

    /// <summary>Connects in memory to a test server.</summary>
    /// <param name="server">The server.</param>
    /// <param name="url">Path and query, as <c>/ws?token=…</c>, or a whole URL.</param>
    /// <param name="headers">Headers of the handshake.</param>
    /// <param name="cookies">Cookies of the handshake.</param>
    /// <param name="subprotocols">Subprotocols that the client offers.</param>
    /// <param name="cancellationToken">Ends the waiting for the handshake, which has 10 s in any case.</param>
    /// <exception cref="WebSocketRefusedException">The handshake was answered with another status.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The socket owns the stream, and the caller the socket.")]
    public static async Task<TestWebSocket> ConnectWebSocketAsync(
        this TestServer server,
        string url,
        Dictionary<string, string>? headers = null,
        Dictionary<string, string>? cookies = null,
        IEnumerable<string>? subprotocols = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SocketHandshake.Limit);
        var (stream, answer) = await MemoryHandshake.ConnectAsync(
            server,
            new Uri(Local, url),
            request =>
            {
                foreach (var (name, value) in headers ?? [])
                {
                    request.Headers[name] = value;
                }

                if (cookies is { Count: > 0 })
                {
                    request.Headers.Cookie = SocketHandshake.CookieHeader(cookies);
                }

                if (subprotocols is not null)
                {
                    request.Headers.SecWebSocketProtocol = string.Join(", ", subprotocols);
                }
            },
            limit.Token);
        var subprotocol = answer.SecWebSocketProtocol.Count > 0 ? answer.SecWebSocketProtocol.ToString() : null;
        return new TestWebSocket(WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { SubProtocol = subprotocol, KeepAliveInterval = TimeSpan.Zero }), stream);
    }
}

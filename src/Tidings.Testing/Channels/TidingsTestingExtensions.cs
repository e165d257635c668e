using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;

namespace Tidings.Testing;

/// <summary>Connects tests to the channels of an application.</summary>
public static class TidingsTestingExtensions
{
    /// <summary>Connects to the channels of a started application, in memory or over loopback as <see cref="WebSocketTestingExtensions"/> does.</summary>
    /// <param name="app">The application.</param>
    /// <param name="token">The user's token; null for somebody anonymous.</param>
    /// <param name="url">Path and query of the channel protocol. Default <c>/connect</c>.</param>
    /// <exception cref="WebSocketRefusedException">The handshake was answered with another status.</exception>
    public static Task<TestClient> ConnectTidingsAsync(this WebApplication app, string? token = null, string url = "/connect") =>
        TestClient.ConnectAsync(() => app.ConnectWebSocketAsync(url, HeadersOf(token)));

    /// <inheritdoc cref="ConnectTidingsAsync(WebApplication, string?, string)"/>
    /// <param name="factory">The factory; it starts the application where that is still to be done.</param>
    /// <param name="token">The user's token; null for somebody anonymous.</param>
    /// <param name="url">Path and query of the channel protocol. Default <c>/connect</c>.</param>
    public static Task<TestClient> ConnectTidingsAsync<TEntryPoint>(this WebApplicationFactory<TEntryPoint> factory, string? token = null, string url = "/connect")
        where TEntryPoint : class =>
        TestClient.ConnectAsync(() => factory.ConnectWebSocketAsync(url, HeadersOf(token)));

    /// <inheritdoc cref="ConnectTidingsAsync(WebApplication, string?, string)"/>
    /// <param name="server">The test server.</param>
    /// <param name="token">The user's token; null for somebody anonymous.</param>
    /// <param name="url">Path and query of the channel protocol. Default <c>/connect</c>.</param>
    public static Task<TestClient> ConnectTidingsAsync(this TestServer server, string? token = null, string url = "/connect") =>
        TestClient.ConnectAsync(() => server.ConnectWebSocketAsync(url, HeadersOf(token)));

    private static Dictionary<string, string> HeadersOf(string? token) => token is null ? [] : new Dictionary<string, string> { ["Authorization"] = "Bearer " + token };
}

using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;

namespace Tidings.Testing;

/// <summary>The same over a real socket, for tests of what only a real server shows.</summary>
internal static class SocketHandshake
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public static Uri AddressOf(WebApplication app)
    {
        var address = app.Urls.FirstOrDefault()
            ?? throw new InvalidOperationException("The application is not started: await app.StartAsync() first. For tests without a port, build it with builder.WebHost.UseTestServer().");
        return new Uri(address.Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal).Replace("//[::]", "//127.0.0.1", StringComparison.Ordinal));
    }

    public static string CookieHeader(Dictionary<string, string> cookies) =>
        string.Join("; ", cookies.Select(static cookie => $"{cookie.Key}={cookie.Value}"));

    [SuppressMessage("Reliability", "CA2000", Justification = "The caller owns the socket.")]
    public static async Task<TestWebSocket> ConnectAsync(
        Uri url, Dictionary<string, string>? headers, Dictionary<string, string>? cookies, IEnumerable<string>? subprotocols, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        socket.Options.CollectHttpResponseDetails = true;
        foreach (var (name, value) in headers ?? [])
        {
            socket.Options.SetRequestHeader(name, value);
        }

        if (cookies is { Count: > 0 })
        {
            socket.Options.SetRequestHeader("Cookie", CookieHeader(cookies));
        }

        foreach (var subprotocol in subprotocols ?? [])
        {
            socket.Options.AddSubProtocol(subprotocol);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            await socket.ConnectAsync(new UriBuilder(url) { Scheme = url.Scheme == "https" ? "wss" : "ws" }.Uri, limit.Token);
            return new TestWebSocket(socket, null);
        }
        catch (WebSocketException error) when ((int)socket.HttpStatusCode >= 200)
        {
            var status = (int)socket.HttpStatusCode;
            socket.Dispose();
            throw new WebSocketRefusedException(status, null, error);
        }
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.TestHost;

namespace Tidings.Testing;

/// <summary>A WebSocket handshake with a <see cref="TestServer"/>, which has no upgrade of its own to offer.</summary>
internal static class MemoryHandshake
{
    public static async Task<(Stream Stream, IHeaderDictionary Headers)> ConnectAsync(
        TestServer server, Uri url, Action<HttpRequest> configure, CancellationToken cancellationToken)
    {
        var (client, serverSide) = DuplexStream.Create();
        var context = await server.SendAsync(
            context =>
            {
                Fill(context, url);
                configure(context.Request);
                context.Features.Set<IHttpUpgradeFeature>(new PipeUpgrade(context, serverSide));

                // What a real server does with the socket when the request is over, or is cut off.
                context.Response.RegisterForDispose(serverSide);
                context.RequestAborted.Register(serverSide.Dispose);
            },
            cancellationToken);
        if (context.Response.StatusCode == StatusCodes.Status101SwitchingProtocols)
        {
            return (client, context.Response.Headers);
        }

        using var body = new StreamReader(context.Response.Body, Encoding.UTF8);
        throw new WebSocketRefusedException(context.Response.StatusCode, await body.ReadToEndAsync(cancellationToken));
    }

    private static void Fill(HttpContext context, Uri url)
    {
        var request = context.Request;
        request.Method = HttpMethods.Get;
        request.Protocol = HttpProtocol.Http11;
        request.Scheme = url.Scheme is "wss" or "https" ? "https" : "http";
        request.Host = new HostString(url.Authority);
        request.Path = PathString.FromUriComponent(url);
        request.QueryString = QueryString.FromUriComponent(url);
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        request.Headers.Connection = "Upgrade";
        request.Headers.Upgrade = "websocket";
        request.Headers.SecWebSocketVersion = "13";
        request.Headers.SecWebSocketKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
    }

    private sealed class PipeUpgrade(HttpContext context, Stream stream) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => true;

        public async Task<Stream> UpgradeAsync()
        {
            context.Response.StatusCode = StatusCodes.Status101SwitchingProtocols;
            
            // This, and not StartAsync, makes the test server hand the answer out.
            await context.Response.Body.FlushAsync();
            return stream;
        }
    }
}

using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tidings.AspNetCore.Handshake;

/// <summary>Says once that requests come with forwarded headers that nobody reads: behind a proxy that is not trusted all clients are one address to limits.</summary>
internal sealed partial class ForwardingNotice(ILogger log)
{
    private const string ForwardedFor = "X-Forwarded-For";

    // What the framework leaves where it has read the other.
    private const string OriginalFor = "X-Original-For";

    private int _told;

    /// <summary>Looks at a request after whatever reads forwarded headers.</summary>
    public void Look(HttpContext context)
    {
        if (_told == 0
            && context.Request.Headers.ContainsKey(ForwardedFor)
            && !context.Request.Headers.ContainsKey(OriginalFor)
            && Interlocked.Exchange(ref _told, 1) == 0)
        {
            LogIgnored(context.Connection.RemoteIpAddress);
        }
    }

    [LoggerMessage(310, LogLevel.Warning, "A request from {Peer} came with X-Forwarded-For, which is not trusted: limits and logs take {Peer} as the client. If it is your proxy, name it in Tidings:TrustedProxies (an application of your own: UseForwardedHeaders). Logged once")]
    private partial void LogIgnored(IPAddress? peer);
}

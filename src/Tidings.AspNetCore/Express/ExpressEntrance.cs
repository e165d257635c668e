using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Kestrel;
using Tidings.AspNetCore.Origins;
using Tidings.Lanes;

namespace Tidings.AspNetCore.Express;

/// <summary>Answers plain handshakes of marked routes on the lane that accepted them.</summary>
/// <param name="routes">The routes.</param>
/// <param name="hosts">Which hosts the web server's filter lets pass; what it refuses is the web server's to refuse.</param>
/// <param name="host">What handshakes need of the application.</param>
internal sealed class ExpressEntrance(ExpressRoutes routes, OwnHosts hosts, ExpressHost host)
{
    /// <summary>Answers a handshake.</summary>
    /// <param name="head">Its head, which was taken from the socket.</param>
    /// <param name="lane">The lane, whose turn it is.</param>
    /// <param name="fd">The socket.</param>
    /// <param name="remote">Who came.</param>
    /// <param name="local">Where.</param>
    /// <param name="place">Its place among the connections of its address.</param>
    /// <returns>False where it is the web server's.</returns>
    public bool TryServe(ReadOnlySpan<byte> head, EpollLane lane, int fd, EndPoint? remote, EndPoint? local, HttpPlace place)
    {
        if (!ExpressRequest.TryRead(head, out var request) || !hosts.Passes(request.Headers.Host.ToString()) || routes.Find(request.Path, out var values) is not { } endpoint)
        {
            return false;
        }

        var exchange = new ExpressExchange(new DetachableConnection(lane, fd, [], remote, local) { Place = place }, endpoint, values);
        if (request.QueryString.Length == 0 && !request.Headers.ContainsKey("Sec-WebSocket-Protocol"))
        {
            _ = exchange.RunAsync(request, host);
        }
        else
        {
            // There may be a token in it, and to check that takes longer than a turn of a lane should.
            ThreadPool.UnsafeQueueUserWorkItem(
                static work => _ = work.exchange.RunAsync(work.request, work.host), (exchange, request, host), preferLocal: false);
        }

        return true;
    }
}

/// <summary>What handshakes need of the application.</summary>
/// <param name="Scopes">Makes the scope of a request that asks for services.</param>
/// <param name="Time">The clock.</param>
/// <param name="Log">Where failures go.</param>
internal sealed record ExpressHost(IServiceScopeFactory Scopes, TimeProvider Time, ILogger Log);

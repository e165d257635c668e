using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Tidings.AspNetCore.Kestrel;
using Tidings.AspNetCore.Services;
using Tidings.Connections;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Listening;

/// <summary>Peers whose connections are other people's: proxies that the application has named.</summary>
/// <param name="Includes">Whether an address is one of them.</param>
internal sealed record TrustedPeers(Func<IPAddress, bool> Includes);

/// <summary>Bounds the TCP connections of each address that are no WebSockets of ours, before anything is read of them. Safe from any thread.</summary>
internal sealed class HttpPlaces(ConnectionRegistry registry, TrustedPeers peers)
{
    private const string Option = "Tidings:Limits:HttpConnectionsPerIp";
    private const string Text = $"This address has as many connections as it may ({Option}).\n";

    /// <summary>What is written to a connection that is refused. One that has begun with TLS sees only its end.</summary>
    public static readonly byte[] Refusal = Encoding.ASCII.GetBytes(
        $"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {Text.Length}\r\n\r\n{Text}");

    /// <summary>The bound of an application; null where it has none, because its proxies are not known and no number was given.</summary>
    public static HttpPlaces? Of(IServiceProvider services)
    {
        var tidings = services.GetTidings();
        var peers = services.GetService<TrustedPeers>();
        return peers is null && tidings.Node.Options.Limits.HttpConnectionsPerIp is null
            ? null
            : new HttpPlaces(tidings.Node.Registry, peers ?? new TrustedPeers(static _ => false));
    }

    /// <summary>Bounds the connections of a web server whose sockets are not accepted by lanes.</summary>
    public static void Bound(ListenOptions listener) => listener.Use(next =>
    {
        var places = new Lazy<HttpPlaces?>(() => Of(listener.ApplicationServices));
        return connection => places.Value is { } bound ? bound.ServeAsync(connection, next) : next(connection);
    });

    /// <summary>Takes a place; the result gives it back.</summary>
    /// <param name="remote">The peer.</param>
    /// <param name="place">The place; nothing where none is counted.</param>
    public bool TryEnter(EndPoint? remote, out HttpPlace place)
    {
        place = default;
        if (remote is not IPEndPoint { Address: var address } || peers.Includes(address))
        {
            return true;
        }

        var key = AddressKey.From(address);
        if (!registry.HttpPlaces.TryEnter(key))
        {
            registry.Metrics.Refused("http");
            registry.NoteAddressFull(key, Option);
            return false;
        }

        place = new HttpPlace(registry.HttpPlaces, key);
        return true;
    }

    private async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (!TryEnter(connection.RemoteEndPoint, out var place))
        {
            await connection.Transport.Output.WriteAsync(Refusal);
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            place.Leave();
        }
    }
}

using System.Net;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Tidings.AspNetCore.Origins;

/// <summary>By which hosts this server is called. A name that somebody has turned to its address (DNS rebinding) is not among them.</summary>
internal sealed class OwnHosts(IServiceProvider services)
{
    private readonly IOptionsMonitor<HostFilteringOptions>? _filter = services.GetService<IOptionsMonitor<HostFilteringOptions>>();
    private volatile string[]? _listening;

    /// <summary>Whether the request went to a loopback host, to an address that the server listens on, or to a host of <c>AllowedHosts</c>.</summary>
    public bool Contains(HttpRequest request)
    {
        var host = request.Host.Host;
        return IsLoopback(host) || IsLocal(host, request.HttpContext.Connection.LocalIpAddress) || IsListening(host) || IsListed(request.Host.Value ?? "");
    }

    /// <summary>Whether the web server's filter of hosts lets it pass. A filter that is not configured does.</summary>
    /// <param name="host">The header.</param>
    public bool Passes(string host) => _filter?.CurrentValue.AllowedHosts is not { Count: > 0 } allowed || allowed.Any(IsAny) || Matches(host, allowed);

    /// <summary>Whether it is <c>localhost</c> or a loopback address.</summary>
    public static bool IsLoopback(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (AddressOf(host) is { } address && IPAddress.IsLoopback(address));

    // An address cannot be turned to another one: a client that calls us by the address that we have there means us.
    private static bool IsLocal(string host, IPAddress? local) => local is not null && AddressOf(host) is { } address && address.Equals(local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local);

    private static IPAddress? AddressOf(string host) => IPAddress.TryParse(host.Trim('[', ']'), out var address) ? address : null;

    private static bool IsAny(string host) => host is "*" or "0.0.0.0" or "[::]";

    private static bool Matches(string host, IEnumerable<string> allowed) =>
        HostString.MatchesAny(host, [.. allowed.Where(static name => !IsAny(name)).Select(static name => new StringSegment(name))]);

    private bool IsListed(string host) => host.Length > 0 && _filter?.CurrentValue.AllowedHosts is { Count: > 0 } allowed && Matches(host, allowed);

    private bool IsListening(string host)
    {
        var addresses = _listening;
        if (addresses is null)
        {
            addresses = [.. (services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses ?? []).Select(static address => BindingAddress.Parse(address).Host)];
            _listening = addresses.Length == 0 ? null : addresses;
        }

        return addresses.Contains(host, StringComparer.OrdinalIgnoreCase) && !IsAny(host);
    }
}

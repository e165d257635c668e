using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tidings.AspNetCore.Listening;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Lets WebSockets leave the web server after their handshake.</summary>
public static class TidingsWebHostBuilderExtensions
{
    /// <summary>
    /// Accepts connections on Tidings' own lanes: handshakes still run through the whole pipeline, then a WebSocket of Tidings' routes
    /// costs the web server nothing more. All else is served by Kestrel's own transport as before.
    /// </summary>
    /// <remarks>Has an effect on Linux, over plain TCP and unix sockets. TLS, HTTP/2 and other systems take streams by themselves.
    /// Kestrel's <c>MaxConcurrentUpgradedConnections</c> does not count connections that have left; <c>Tidings:Limits:Connections</c> does.</remarks>
    /// <param name="builder">The web host, with Kestrel as its server.</param>
    public static IWebHostBuilder UseTidings(this IWebHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.ConfigureServices(static services =>
        {
            services.AddTidings();
            services.TryAddSingleton<LaneTransportFactory>();
            services.AddSingleton<IConnectionListenerFactory>(static provider => provider.GetRequiredService<LaneTransportFactory>());
        });
    }
}

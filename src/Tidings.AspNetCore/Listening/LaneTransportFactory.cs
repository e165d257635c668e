using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidings.AspNetCore.Express;
using Tidings.AspNetCore.Origins;
using Tidings.Lanes;

namespace Tidings.AspNetCore.Listening;

/// <summary>The transport whose WebSockets leave the web server after their handshake. Where it cannot be had, the next one is used.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "Made by the container.")]
internal sealed class LaneTransportFactory(LaneSet lanes, IOptions<TidingsOptions> tidings, IOptions<SocketTransportOptions> options, IServiceProvider services, ILoggerFactory logs)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    private readonly SocketConnectionContextFactory _ordinary = new(Ordinary(options.Value), logs.CreateLogger("Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets"));

    // The first address is bound when all routes are mapped.
    private readonly Lazy<ExpressEntrance> _express = new(() => new ExpressEntrance(
        ExpressRoutes.Of(services.GetService<EndpointDataSource>()?.Endpoints ?? []), new OwnHosts(services),
        new ExpressHost(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<TimeProvider>(), logs.CreateLogger<ExpressEntrance>())));

    /// <summary>Whether any address is served by lanes.</summary>
    public bool IsInUse { get; private set; }

    public bool CanBind(EndPoint endpoint) =>
        OperatingSystem.IsLinux() && tidings.Value.Pump != PumpKind.Streams && endpoint is IPEndPoint or UnixDomainSocketEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            IsInUse = true;
            return ValueTask.FromResult<IConnectionListener>(
                new LaneListener(lanes, endpoint, options.Value, _ordinary, _express.Value, HttpPlaces.Of(services), logs.CreateLogger<LaneListener>()));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(error.Message, error);
        }
    }

    public void Dispose() => _ordinary.Dispose();

    private static SocketConnectionFactoryOptions Ordinary(SocketTransportOptions options) => new()
    {
        IOQueueCount = options.IOQueueCount,
        MaxReadBufferSize = options.MaxReadBufferSize,
        MaxWriteBufferSize = options.MaxWriteBufferSize,
        UnsafePreferInlineScheduling = options.UnsafePreferInlineScheduling,
        WaitForDataBeforeAllocatingBuffer = options.WaitForDataBeforeAllocatingBuffer,
    };
}

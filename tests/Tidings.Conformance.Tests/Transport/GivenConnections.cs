using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using TestKit;
using Tidings.Conformance.Tests.Infrastructure;

namespace Tidings.Conformance.Tests.Transport;

/// <summary>A connection that is given to its lane has left the web server: nothing of connection or request stays, nor of .NET's event loop.</summary>
[Collection(Alone.Name)]
public class GivenConnections
{
    private const int Count = 20;

    [Theory]
    [InlineData("/ws/lobby")]
    [InlineData("/ws/echo")]
    [InlineData("/ws")]
    public async Task Nothing_stays_with_the_web_server_or_the_request(string path)
    {
        var seen = new Seen();
        using var meter = new KestrelMeter();
        await using var server = await TestServer.StartAsync(Pump.Lanes, seen.Watch, settings: ("Tidings:RequestLog", "true"));
        var sockets = await ConnectAsync(server, path);

        Assert.Equal(Count, seen.Connections.Count);
        Assert.Equal(Count, seen.Contexts.Count);
        await Eventually.EqualAsync(Count, () => seen.ScopesDisposed, "The number of request scopes that are disposed");
        await Eventually.EqualAsync(0, () => meter.ActiveConnections, "The number of connections that Kestrel counts");
        await Eventually.EqualAsync(0, () => Alive(seen.Connections), "The number of connection contexts alive");

        // Kestrel keeps some objects of requests for the next connection; not one for each that it had.
        await Eventually.EqualAsync(0, () => Alive(seen.Features), "The number of requests' features alive");
        Assert.Equal(Count, server.Connections);
        foreach (var socket in sockets)
        {
            await socket.SendPingAsync("alive");
            await socket.ExpectPongAsync("alive");
            await socket.DisposeAsync();
        }

        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Its_socket_is_in_one_epoll_instance_that_is_none_of_the_frameworks()
    {
        await using var server = await TestServer.StartAsync(Pump.Lanes);
        var sockets = await ConnectAsync(server, "/ws/lobby");
        var epolls = Descriptors.Epolls();

        // Our clients are ordinary sockets: where they are, is the framework's loop.
        var clients = sockets.Select(socket => Descriptors.OfSocket(socket.Tcp.LocalEndPoint.Port, server.Port)).ToList();
        var frameworks = epolls.Where(epoll => epoll.Value.Overlaps(clients)).Select(epoll => epoll.Key).ToList();
        Assert.NotEmpty(frameworks);
        foreach (var socket in sockets)
        {
            var descriptor = Descriptors.OfSocket(server.Port, socket.Tcp.LocalEndPoint.Port);
            var where = epolls.Where(epoll => epoll.Value.Contains(descriptor)).Select(epoll => epoll.Key).ToList();
            Assert.Single(where);
            Assert.DoesNotContain(where[0], frameworks);
            await socket.DisposeAsync();
        }
    }

    private static async Task<List<RawWebSocket>> ConnectAsync(TestServer server, string path)
    {
        var sockets = new List<RawWebSocket>();
        for (var i = 0; i < Count; i++)
        {
            var socket = await server.ConnectAsync(path);
            await socket.SendPingAsync("there");
            await socket.ExpectPongAsync("there");
            sockets.Add(socket);
        }

        return sockets;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Alive(List<WeakReference> references)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return references.Count(reference => reference.IsAlive);
    }

    /// <summary>Weak references to what the web server made for each connection and request.</summary>
    private sealed class Seen
    {
        private int _scopesDisposed;

        public List<WeakReference> Connections { get; } = [];
        public List<WeakReference> Contexts { get; } = [];
        public List<WeakReference> Features { get; } = [];
        public int ScopesDisposed => Volatile.Read(ref _scopesDisposed);

        public void Watch(WebApplicationBuilder builder)
        {
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection =>
            {
                Add(Connections, connection);
                return next(connection);
            })));
            builder.Services.AddScoped(_ => new Scoped(this));
            builder.Services.AddTransient<IStartupFilter>(_ => new Filter(this));
        }

        private static void Add(List<WeakReference> references, object target)
        {
            lock (references)
            {
                references.Add(new WeakReference(target));
            }
        }

        private sealed class Scoped(Seen seen) : IDisposable
        {
            public void Dispose() => Interlocked.Increment(ref seen._scopesDisposed);
        }

        private sealed class Filter(Seen seen) : IStartupFilter
        {
            public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
            {
                app.Use((HttpContext context, RequestDelegate rest) =>
                {
                    context.RequestServices.GetRequiredService<Scoped>();
                    Add(seen.Contexts, context);
                    Add(seen.Features, context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!);
                    return rest(context);
                });
                next(app);
            };
        }
    }

    private sealed class KestrelMeter : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _active;

        public KestrelMeter()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument is { Meter.Name: "Microsoft.AspNetCore.Server.Kestrel", Name: "kestrel.active_connections" })
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, change, _, _) => Interlocked.Add(ref _active, change));
            _listener.Start();
        }

        public int ActiveConnections => (int)Interlocked.Read(ref _active);

        public void Dispose() => _listener.Dispose();
    }
}

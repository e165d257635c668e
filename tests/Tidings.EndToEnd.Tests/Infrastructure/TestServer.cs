using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TestKit;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Messages;
using Tidings.Server;

namespace Tidings.EndToEnd.Tests.Infrastructure;

/// <summary>The standalone server in this process, on a port of its own.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly LogCollector _log;

    private TestServer(WebApplication app, LogCollector log)
    {
        _app = app;
        _log = log;
        Url = new Uri(app.Urls.First());
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(20) };
        Services = app.Services.GetRequiredService<Edge>();
    }

    public Uri Url { get; }
    public int Port => Url.Port;
    public HttpClient Http { get; }
    public Edge Services { get; }
    public ConnectionRegistry Registry => Services.Node.Registry;
    public Hub Hub => Services.Node.Hub;

    /// <summary>What this server counts with; others in this process have their own.</summary>
    public IMeterFactory Meters => _app.Services.GetRequiredService<IMeterFactory>();

    /// <summary>Bytes that wait in the queues of all connections, as far as another thread can tell.</summary>
    public long QueuedBytes => _app.Services.GetRequiredService<LaneSet>().All.Sum(lane => lane.QueuedBytes);

    /// <summary>Warnings and errors that the server has logged.</summary>
    public IReadOnlyCollection<string> Log => _log.Lines;

    /// <summary>Starts it with the demo routes and without limits, where <paramref name="settings"/> don't say otherwise.</summary>
    public static async Task<TestServer> StartAsync(
        string pump, TimeProvider? time = null, Action<WebApplicationBuilder>? configure = null, params (string Key, string? Value)[] settings)
    {
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["urls"] = "http://127.0.0.1:0",
            ["Tidings:Demo"] = "true",
            ["Tidings:Limits:Preset"] = "none",
            ["Tidings:Pump"] = pump == Pump.Pipeline ? Pump.Lanes : pump,
            ["Tidings:RequestLog"] = pump == Pump.Pipeline ? "true" : null,
            ["Tidings:Drain"] = "0",
            ["Tidings:Limits:HttpConnectionsPerIp"] = "0",

            // Whatever else runs on the machine.
            ["Tidings:Overload:MemoryPercent"] = "0",
            ["Tidings:Overload:QueueDelay"] = "0",
        };
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        var log = new LogCollector();
        var app = TidingsServer.Build(all, builder =>
        {
            builder.Logging.ClearProviders();
            builder.Logging.AddProvider(log);
            if (time is not null)
            {
                builder.Services.AddSingleton(time);

                // Kestrel's own clock does not stand still.
                builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Limits.MinRequestBodyDataRate = null);
            }

            configure?.Invoke(builder);
        });
        await app.StartAsync();
        return new TestServer(app, log);
    }

    public Task<RawWebSocket> ConnectAsync(string path, RawOptions? options = null) => RawWebSocket.ConnectAsync(Port, path, options);

    /// <summary>Connects and waits until the connection is on its lane, with its timers set by the present time.</summary>
    public async Task<RawWebSocket> ConnectSettledAsync(string path, RawOptions? options = null)
    {
        var socket = await ConnectAsync(path, options);
        await socket.SendPingAsync("settled");
        await socket.ExpectPongAsync("settled");
        return socket;
    }

    public async Task<RawResponse> RequestAsync(string request)
    {
        await using var tcp = await RawTcp.ConnectAsync(Port);
        await tcp.SendAsync(request);
        return await tcp.ReadResponseAsync();
    }

    /// <summary>The answer to a handshake whose headers are changed as said.</summary>
    public Task<RawResponse> HandshakeAsync(string path, params (string Name, string? Value)[] headers) =>
        RequestAsync(RawHandshake.Request(path, Port, RawHandshake.NewKey(), headers));

    public Task PublishAsync(string room, string content) =>
        Services.Node.Broker.PublishAsync(new Publication("room:" + room, MessageData.Text(content))).AsTask();

    /// <summary>Waits until nobody is connected and no channel is left: nothing of any test's connection stays behind.</summary>
    public async Task ExpectIdleAsync()
    {
        await Eventually.EqualAsync(0, () => Registry.Count, "The number of connections");
        await Eventually.EqualAsync(0, () => Hub.Channels, "The number of channels");
    }

    /// <summary>A one-time ticket for the bearer of <paramref name="token"/>.</summary>
    public async Task<string> TicketAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/tickets");
        request.Headers.Authorization = new("Bearer", token);
        using var response = await Http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return System.Text.Json.JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("ticket").GetString()!;
    }

    public void ExpectNothingLogged() => Assert.Empty(Log);

    public Task StopAsync(CancellationToken cancellationToken = default) => _app.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(bound.Token);
        await _app.DisposeAsync();
    }
}

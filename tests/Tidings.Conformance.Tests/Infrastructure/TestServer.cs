using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TestKit;
using Tidings.AspNetCore.Services;
using Tidings.Server;

namespace Tidings.Conformance.Tests.Infrastructure;

/// <summary>What moves the bytes of WebSockets.</summary>
internal static class Pump
{
    public const string Lanes = "lanes";
    public const string Streams = "streams";
}

/// <summary>The standalone server in this process, on a port of its own, with the demo routes and without limits.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly LogCollector _log;

    private TestServer(WebApplication app, LogCollector log)
    {
        App = app;
        _log = log;
        Port = new Uri(app.Urls.First()).Port;
    }

    public WebApplication App { get; }
    public int Port { get; }
    public Edge Services => App.Services.GetRequiredService<Edge>();
    public int Connections => Services.Node.Registry.Count;

    public static async Task<TestServer> StartAsync(string pump, Action<WebApplicationBuilder>? build = null, Action<WebApplication>? map = null, params (string Key, string Value)[] settings)
    {
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["urls"] = "http://127.0.0.1:0",
            ["Tidings:Demo"] = "true",
            ["Tidings:Limits:Preset"] = "none",
            ["Tidings:Pump"] = pump,
            ["Tidings:Drain"] = "0",

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
            build?.Invoke(builder);
        });
        map?.Invoke(app);
        await app.StartAsync();
        return new TestServer(app, log);
    }

    public Task<RawWebSocket> ConnectAsync(string path, RawOptions? options = null) => RawWebSocket.ConnectAsync(Port, path, options);

    public Task ExpectIdleAsync() => Eventually.EqualAsync(0, () => Connections, "The number of connections");

    /// <summary>No peer, however bad, makes the server log a warning.</summary>
    /// <remarks>Kestrel complains of a machine that is too busy for it; that is no peer's doing.</remarks>
    public void ExpectNothingLogged() => Assert.DoesNotContain(_log.Lines, line => !line.Contains("the heartbeat has been running", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await App.StopAsync(bound.Token);
        await App.DisposeAsync();
    }
}

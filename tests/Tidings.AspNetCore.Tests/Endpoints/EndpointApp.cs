using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;

namespace Tidings.AspNetCore.Tests.Endpoints;

/// <summary>What moves the bytes under a test.</summary>
public enum HostKind
{
    /// <summary>No socket: the in-memory host.</summary>
    Memory,

    /// <summary>Kestrel and its own transport.</summary>
    Streams,

    /// <summary>Kestrel for the handshake, then a lane.</summary>
    Lanes,
}

/// <summary>An application with WebSocket routes, started.</summary>
internal sealed class EndpointApp : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private EndpointApp(WebApplication app, CapturedLog log)
    {
        App = app;
        Log = log;
    }

    public WebApplication App { get; }
    public CapturedLog Log { get; }

    public static async Task<EndpointApp> StartAsync(HostKind host, Action<WebApplication> map, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var log = new CapturedLog();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Debug);
        builder.Services.AddTidings(static options => options.Drain = TimeSpan.Zero);
        switch (host)
        {
            case HostKind.Memory:
                builder.WebHost.UseTestServer();
                break;
            case HostKind.Lanes:
                builder.WebHost.UseTidings();
                break;
        }

        if (host != HostKind.Memory)
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }

        configure?.Invoke(builder);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return new EndpointApp(app, log);
    }

    public Task<TestWebSocket> ConnectAsync(
        string url = "/ws", Dictionary<string, string>? headers = null, Dictionary<string, string>? cookies = null, IEnumerable<string>? subprotocols = null) =>
        App.ConnectWebSocketAsync(url, headers, cookies, subprotocols);

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        await App.StopAsync(limit.Token);
        await App.DisposeAsync();
    }
}

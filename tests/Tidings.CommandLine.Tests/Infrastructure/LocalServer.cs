using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Tidings.Server;
using Tidings.Server.AdminKeys;

namespace Tidings.CommandLine.Tests.Infrastructure;

/// <summary>The standalone server in this process, on a port of its own, without limits.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LocalServer(WebApplication app)
    {
        _app = app;
        Url = app.Urls.First();
    }

    public string Url { get; }

    /// <summary>Asks its server API with the admin key that it has made.</summary>
    public HttpClient OpenApi()
    {
        var http = new HttpClient { BaseAddress = new Uri(Url) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", AdminKeyFile.Find(Port));
        return http;
    }

    public int Port => new Uri(Url).Port;

    public static async Task<LocalServer> StartAsync(params IEnumerable<(string Key, string Value)> settings)
    {
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["urls"] = "http://127.0.0.1:0",
            ["Tidings:Limits:Preset"] = "none",
            ["Tidings:Drain"] = "0",
            ["Tidings:Channels:0:Pattern"] = "chat:*",
            ["Tidings:Channels:0:Publish"] = "anyone",
            ["Tidings:Channels:0:Presence"] = "true",
            ["Tidings:Channels:0:History"] = "3000",
            ["Tidings:Channels:1:Pattern"] = "secret:*",
            ["Tidings:Channels:1:Subscribe"] = "users",
            ["Tidings:Channels:2:Pattern"] = "room:*",
            ["Tidings:Channels:2:Publish"] = "anyone",
        };
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        var app = TidingsServer.Build(all, static builder => builder.Logging.ClearProviders());
        await app.StartAsync();
        return new LocalServer(app);
    }

    /// <summary>Runs a command against it.</summary>
    public Task<ToolResult> RunAsync(params IEnumerable<string> arguments) => Tool.RunAsync([.. arguments, "--url", Url]);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

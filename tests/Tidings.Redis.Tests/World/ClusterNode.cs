using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Hosting;
using Tidings.Security.Tokens;
using Tidings.Server;

namespace Tidings.Redis.Tests.World;

/// <summary>The standalone server in this process, one of several that share a Redis.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    /// <summary>What all nodes check tokens by.</summary>
    public const string Secret = "a secret of thirty-two characters!";

    private readonly WebApplication _app;
    private readonly LogCollector _log;

    private ClusterNode(WebApplication app, LogCollector log)
    {
        _app = app;
        _log = log;
        var url = new Uri(app.Urls.First());
        Port = url.Port;
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(20) };
        Services = app.Services.GetRequiredService<TidingsServices>();
    }

    public int Port { get; }
    public HttpClient Http { get; }
    public TidingsServices Services { get; }

    /// <summary>What this node counts with.</summary>
    public IMeterFactory Meters => _app.Services.GetRequiredService<IMeterFactory>();

    /// <summary>What code of the application on this node has.</summary>
    public ITidings Tidings => Services.Facade;

    /// <summary>Warnings and errors that the node has logged.</summary>
    public IReadOnlyCollection<string> Log => _log.Lines;

    /// <param name="redis">Where it reaches Redis.</param>
    /// <param name="time">Its time; null for the system's.</param>
    /// <param name="settings">How it differs from a server without limits.</param>
    public static async Task<ClusterNode> StartAsync(string redis, TimeProvider? time = null, params (string Key, string? Value)[] settings)
    {
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["urls"] = "http://127.0.0.1:0",
            ["Tidings:Redis"] = redis,
            ["Tidings:Limits:Preset"] = "none",
            ["Tidings:Drain"] = "5s",
            ["Tidings:Jwt:Secret"] = Secret,
            ["Tidings:Channels:0:Pattern"] = "here:*",
            ["Tidings:Channels:0:Presence"] = "true",
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
            }
        });
        await app.StartAsync();
        return new ClusterNode(app, log);
    }

    public static string TokenOf(string user, string? tokenId = null) =>
        new TokenWriter(TokenKey.FromSecret(TokenAlgorithm.HS256, Secret)).Write(new TokenClaims
        {
            Subject = user,
            TokenId = tokenId,
            IssuedAt = TimeProvider.System.GetUtcNow().AddSeconds(-2),
            ExpiresAt = TimeProvider.System.GetUtcNow().AddMinutes(10),
        });

    public Task<RawWebSocket> ConnectAsync(string path) => RawWebSocket.ConnectAsync(Port, path);

    /// <summary>Connects a user to the channel protocol.</summary>
    /// <returns>The connection after its first message, and its id.</returns>
    public async Task<(RawWebSocket Socket, string Id)> ConnectAsAsync(string user, string? tokenId = null)
    {
        var socket = await ConnectAsync("/connect?ping=frame&token=" + TokenOf(user, tokenId));
        var connected = JsonElement.Parse(await socket.ReceiveTextAsync());
        Assert.Equal("connected", connected.GetProperty("type").GetString());
        return (socket, connected.GetProperty("connection").GetString()!);
    }

    /// <summary>Asks the server API.</summary>
    /// <returns>Status and body.</returns>
    public async Task<(int Status, string Body)> PostAsync(string path, string json, string? bearer = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = bearer is null ? null : new("Bearer", bearer);
        using var response = await Http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Asks the server API for something that it must do.</summary>
    public async Task<string> DoAsync(string path, string json)
    {
        var (status, body) = await PostAsync(path, json);
        Assert.True(status == 200, $"{path} {json}: {status} {body}");
        return body;
    }

    /// <summary>Whether the node takes connections, as a load balancer asks.</summary>
    public async Task<bool> IsReadyAsync() => (await Http.GetAsync("/readyz")).IsSuccessStatusCode;

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(bound.Token);
        await _app.DisposeAsync();
    }
}

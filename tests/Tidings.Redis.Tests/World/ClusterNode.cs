using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using TestKit;
using Tidings.AspNetCore.Services;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Security.Tokens;

namespace Tidings.Redis.Tests.World;

/// <summary>The standalone server in this process, one of several that share a Redis or a PostgreSQL.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    /// <summary>What all nodes check tokens by.</summary>
    public const string Secret = "a secret of thirty-two characters!";

    private const string AdminKey = "admin-key-of-the-tests";

    private readonly TestServer _server;

    // A test that says nothing more over a connection still has it: what nobody refers to is closed by the garbage collector.
    private readonly ConcurrentQueue<RawWebSocket> _sockets = [];

    private ClusterNode(TestServer server) => _server = server;

    public int Port => _server.Port;
    public HttpClient Http => _server.Http;
    public Edge Services => _server.Services;

    /// <summary>What this node counts with.</summary>
    public IMeterFactory Meters => _server.Meters;

    /// <summary>What code of the application on this node has.</summary>
    public ITidings Tidings => Services.Node.Facade;

    /// <summary>Warnings and errors that the node has logged.</summary>
    public IReadOnlyCollection<string> Log => _server.Log;

    /// <param name="shared">Where it reaches Redis, or (as <c>Host=…</c>) PostgreSQL.</param>
    /// <param name="time">Its time; null for the system's.</param>
    /// <param name="settings">How it differs from a server without limits.</param>
    public static async Task<ClusterNode> StartAsync(string shared, TimeProvider? time = null, params (string Key, string? Value)[] settings) =>
        new(await TestServer.StartAsync("auto", time, configure: null, [
            ("Tidings:Demo", "false"),
            .. shared.Contains("Host=", StringComparison.Ordinal)
                ? ((string, string?)[])[("Tidings:Engine", "postgres"), ("Tidings:PostgreSql", shared)]
                : [("Tidings:Redis", shared)],
            ("Tidings:Jwt:Secret", Secret),
            ("Tidings:AdminKey", AdminKey),
            ("Tidings:Channels:0:Pattern", "here:*"),
            ("Tidings:Channels:0:Presence", "true"),
            .. settings]));

    public static string TokenOf(string user, string? tokenId = null) =>
        new TokenWriter(TokenKey.FromSecret(TokenAlgorithm.HS256, Secret)).Write(new TokenClaims
        {
            Subject = user,
            TokenId = tokenId,
            IssuedAt = TimeProvider.System.GetUtcNow().AddSeconds(-2),
            ExpiresAt = TimeProvider.System.GetUtcNow().AddMinutes(10),
        });

    public async Task<RawWebSocket> ConnectAsync(string path)
    {
        var socket = await _server.ConnectAsync(path);
        _sockets.Enqueue(socket);
        return socket;
    }

    /// <summary>Connects a user to the channel protocol.</summary>
    /// <returns>The connection after its first message, and its id.</returns>
    public async Task<(RawWebSocket Socket, string Id)> ConnectAsAsync(string user, string? tokenId = null)
    {
        var socket = await ConnectAsync("/connect?ping=frame&token=" + TokenOf(user, tokenId));
        var connected = JsonElement.Parse(await socket.ReceiveTextAsync());
        Assert.Equal("connected", connected.GetProperty("type").GetString());
        return (socket, connected.GetProperty("connection").GetString()!);
    }

    /// <summary>Asks the server API, with the admin key or with another bearer token.</summary>
    /// <returns>Status and body.</returns>
    public async Task<(int Status, string Body)> PostAsync(string path, string json, string? bearer = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", bearer ?? AdminKey);
        using var response = await Http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Reads the server API, with the admin key.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await OpenAsync(path);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {body}");
        return JsonElement.Parse(body);
    }

    /// <summary>Begins to read what may have no end, with the admin key.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new("Bearer", AdminKey);
        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Has the server API erase something, with the admin key.</summary>
    public async Task<string> DeleteAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, path);
        request.Headers.Authorization = new("Bearer", AdminKey);
        using var response = await Http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
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

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using TestKit;
using Tidings.Deployment.Tests.Infrastructure;

namespace Tidings.Deployment.Tests.Proxies;

/// <summary>Two nodes on one Redis are restarted one after the other behind each of our examples, as docs/operations/restarts.md says, while requests of all kinds come: none is refused.</summary>
public sealed class F27_RollingRestart : IAsyncLifetime
{
    private readonly int[] _ports = [Entrance.FreePort(), Entrance.FreePort()];
    private readonly RunningProgram?[] _nodes = new RunningProgram?[2];
    private readonly ConcurrentQueue<string> _refused = [];
    private readonly ConcurrentDictionary<string, int> _done = [];
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        await Task.WhenAll(StartNodeAsync(0), StartNodeAsync(1));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await (node?.DisposeAsync() ?? default);
        }

        await _redis.DisposeAsync();
    }

    [Theory]
    [InlineData("nginx")]
    [InlineData("caddy")]
    public async Task No_request_is_refused_while_two_nodes_are_restarted_one_after_the_other(string proxy)
    {
        await using var entrance = await Entrance.StartAsync(proxy, _ports);
        using var end = new CancellationTokenSource();
        var load = new[]
        {
            LoadAsync("handshake", () => HandshakeAsync(entrance), end.Token),
            LoadAsync("handshake", () => HandshakeAsync(entrance), end.Token),
            LoadAsync("poll", () => GetAsync(entrance, "/connect?channel=news&wait=0"), end.Token),
            LoadAsync("stream", () => GetAsync(entrance, "/api/events?channel=news"), end.Token),
            LoadAsync("history", () => GetAsync(entrance, "/api/history?channel=news"), end.Token),
            LoadAsync("publish", () => PublishAsync(entrance), end.Token),
        };

        // Twice, so that each node goes while the proxy still remembers how the other went.
        for (var round = 0; round < 4; round++)
        {
            await _nodes[round % 2]!.TerminateAsync();
            await _nodes[round % 2]!.DisposeAsync();
            _nodes[round % 2] = null;
            await StartNodeAsync(round % 2);
        }

        await end.CancelAsync();
        await Task.WhenAll(load);
        Assert.True(_refused.IsEmpty, $"{_refused.Count} of {_done.Values.Sum()} requests failed behind {proxy}:\n{string.Join('\n', _refused.Take(20))}");
        Assert.All(_done, static kind => Assert.True(kind.Value >= 20, $"only {kind.Value} of {kind.Key}"));
    }

    private async Task StartNodeAsync(int node)
    {
        (_nodes[node], _) = await TidingsProgram.ServeAsync(
            _ports[node], ["--api-key", Entrance.ApiKey, "--trusted-proxy", "127.0.0.1", "--redis", _redis.Address, "--limits", "none"], ("Tidings__Drain", "2s"), ("Tidings__Overload__QueueDelay", "0"));
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_ports[node]}") };
        await Eventually.TrueAsync(
            async () =>
            {
                using var ready = await http.GetAsync(new Uri("/readyz", UriKind.Relative));
                return ready.IsSuccessStatusCode;
            },
            () => $"node {node} is ready; it said: {_nodes[node]!.Output}");
    }

    // One after the other, as fast as they are answered, but at most fifty a second.
    private async Task LoadAsync(string kind, Func<Task> request, CancellationToken cancellationToken)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await request();
            }
            catch (Exception error) when (error is HttpRequestException or WebSocketException or IOException or OperationCanceledException)
            {
                _refused.Enqueue($"{kind}: {error.Message}");
            }

            _done.AddOrUpdate(kind, 1, static (_, count) => count + 1);
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private static async Task HandshakeAsync(Entrance entrance)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var ws = new ClientWebSocket();
        await ws.ConnectAsync(new Uri($"ws://127.0.0.1:{entrance.Port}/connect"), limit.Token);
        ws.Abort();
    }

    private static async Task GetAsync(Entrance entrance, string url)
    {
        using var request = Request(HttpMethod.Get, url);
        using var answer = await entrance.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await ExpectSuccessAsync(answer);
    }

    private static async Task PublishAsync(Entrance entrance)
    {
        // A proxy repeats no POST at the moment when a process ends; whoever publishes does, with the key, and may meet that moment again:
        // what is sent while a listener closes has no other end, and until the proxy has looked again it knows of no other node.
        var key = Guid.NewGuid().ToString();
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (true)
        {
            using var answer = await PublishAsync(entrance, key);
            if (limit.IsCancellationRequested || answer.StatusCode is not (HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable))
            {
                await ExpectSuccessAsync(answer);
                return;
            }
        }
    }

    private static async Task<HttpResponseMessage> PublishAsync(Entrance entrance, string key)
    {
        using var request = Request(HttpMethod.Post, "/api/publish");
        request.Content = JsonContent.Create(new { channel = "news", data = 1, idempotencyKey = key });
        return await entrance.Http.SendAsync(request);
    }

    private static async Task ExpectSuccessAsync(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
    }

    private static HttpRequestMessage Request(HttpMethod method, string url) =>
        new(method, new Uri(url, UriKind.Relative)) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Entrance.ApiKey) } };
}

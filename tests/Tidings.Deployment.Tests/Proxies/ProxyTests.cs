using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using TestKit;

namespace Tidings.Deployment.Tests.Proxies;

/// <summary>Every transport passes the proxies as our examples configure them.</summary>
public sealed class ProxyTests
{
    public static TheoryData<string> Proxies => ["nginx", "caddy"];

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task A_websocket_talks(string proxy)
    {
        await using var entrance = await Entrance.StartAsync(proxy);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var ws = new ClientWebSocket();
        await ws.ConnectAsync(new Uri($"ws://127.0.0.1:{entrance.Port}/ws/lobby"), limit.Token);
        await ws.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        var buffer = new byte[100];
        var received = await ws.ReceiveAsync(buffer, limit.Token);
        Assert.Equal("[lobby] hello", Encoding.UTF8.GetString(buffer, 0, received.Count));
        await ws.CloseAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, ws.CloseStatus);
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task An_event_comes_while_its_stream_goes_on(string proxy)
    {
        await using var entrance = await Entrance.StartAsync(proxy);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect?channel=news") { Headers = { Accept = { new("text/event-stream") } } };
        using var response = await entrance.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
        while (!(await events.ReadLineAsync(limit.Token))!.Contains("\"connected\"", StringComparison.Ordinal))
        {
        }

        Assert.Equal(HttpStatusCode.OK, (await PublishAsync(entrance, "extra")).StatusCode);
        while (!(await events.ReadLineAsync(limit.Token))!.Contains("extra", StringComparison.Ordinal))
        {
        }
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task A_poll_waits_for_a_message(string proxy)
    {
        await using var entrance = await Entrance.StartAsync(proxy);
        var top = await entrance.Http.GetFromJsonAsync<JsonElement>(new Uri("/connect?channel=news&wait=0", UriKind.Relative));
        var poll = entrance.Http.GetStringAsync(new Uri($"/connect?channel=news&wait=10&since={top.GetProperty("position")}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, (await PublishAsync(entrance, "extra")).StatusCode);
        Assert.Contains("extra", await poll, StringComparison.Ordinal);
    }

    // nginx.org/en/docs/http/websocket.html, word for word but for names: no X-Forwarded-*, and the Host of the upstream.
    private const string NginxOwnSnippet = """
        server {
            listen 127.0.0.1:PORT;
            location / {
                proxy_pass http://127.0.0.1:SERVER;
                proxy_http_version 1.1;
                proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection "upgrade";
            }
        }
        """;

    [Theory]
    [InlineData("--require-auth", "--jwt-secret", "a secret of the tests, 32 bytes or more", "--api-key", Entrance.ApiKey)]
    [InlineData("--require-auth", "--jwt-secret", "a secret of the tests, 32 bytes or more")]
    [InlineData("--limits", "default")]
    public async Task With_nginxs_own_snippet_nobody_is_local(params string[] options)
    {
        await using var entrance = await Entrance.StartAsync("nginx", NginxOwnSnippet, options);
        foreach (var path in new[] { "/metrics", "/api/connections", "/api/history?channel=a", "/dashboard", "/dashboard/data/connections", "/dashboard/data/messages?channel=a", "/dashboard/api/info" })
        {
            using var read = await entrance.Http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, read.StatusCode));
        }

        foreach (var path in new[] { "/api/drain", "/api/publish", "/api/disconnect", "/broadcast", "/dashboard/data/disconnect" })
        {
            using var written = await entrance.Http.PostAsync(new Uri(path, UriKind.Relative), JsonContent.Create(new { channel = "a", data = 1 }));
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, written.StatusCode));
        }
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Who_comes_through_it_is_not_local(string proxy)
    {
        await using var entrance = await Entrance.StartAsync(proxy);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PublishAsync(entrance, "extra", key: null)).StatusCode);
    }

    // B7 of the bad input: whatever nginx lets pass, the server behind it sees no request that nginx has not seen.
    [Theory]
    [InlineData("Transfer-Encoding: chunked", "2;\nxx\r\n{1:x}\r\n0\r\n\r\n{0}")]
    [InlineData("Transfer-Encoding: chunked", "2;a\rb\r\nxx\r\n0\r\n\r\n{0}")]
    [InlineData("Content-Length: 6\r\nTransfer-Encoding: chunked", "0\r\n\r\n{0}")]
    [InlineData("Transfer-Encoding:\r\n chunked\r\nContent-Length: 5", "0\r\n\r\n{0}")]
    [InlineData("Transfer-Encoding : chunked\r\nContent-Length: 5", "0\r\n\r\n{0}")]
    [InlineData("Content-Length: 5\r\nContent-Length: 0", "0\r\n\r\n{0}")]
    public async Task No_request_is_smuggled_past_nginx(string headers, string body)
    {
        await using var entrance = await Entrance.StartAsync("nginx");
        const string Json = """{"channel":"news","data":"hidden"}""";
        var hidden = $"POST /api/publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer {Entrance.ApiKey}\r\nContent-Length: {Json.Length}\r\n\r\n{Json}";
        await using (var tcp = await RawTcp.ConnectAsync(entrance.Port))
        {
            await tcp.SendAsync($"POST /broadcast HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}\r\n\r\n" + string.Format(System.Globalization.CultureInfo.InvariantCulture, body, hidden, hidden.Length));
            await tcp.ReadResponseAsync();
            while (await tcp.FillAsync(TimeSpan.FromSeconds(1)))
            {
            }
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/history?channel=news") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Entrance.ApiKey) } };
        using var history = await entrance.Http.SendAsync(request);
        var happened = (await history.Content.ReadAsStringAsync()).Contains("hidden", StringComparison.Ordinal);
        var seen = entrance.Requests.Contains("POST /api/publish 200");
        Assert.Equal(seen, happened);
    }

    private static async Task<HttpResponseMessage> PublishAsync(Entrance entrance, string data, string? key = Entrance.ApiKey)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/publish") { Content = JsonContent.Create(new { channel = "news", data }) };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return await entrance.Http.SendAsync(request);
    }
}

using System.Net;
using System.Text;
using System.Text.Json;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Centrifuge;

/// <summary>Sessions of the Centrifuge protocol over responses that go on, and what their clients say beside them.</summary>
public sealed class CentrifugeStreamRules : ServerTests
{
    private const string Connect = """{"connect":{},"id":1}""";

    private static readonly (string, string?)[] On = [("Tidings:Centrifuge:Enabled", "true"), ("Tidings:Centrifuge:Secret", CentrifugeClient.Secret), ("Tidings:Heartbeat:Interval", "25s")];

    [Theory]
    [InlineData("GET", "sse", "text/event-stream", "data: ")]
    [InlineData("POST", "sse", "text/event-stream", "data: ")]
    [InlineData("POST", "http_stream", "application/octet-stream", "")]
    public async Task A_response_has_the_replies_and_what_is_said_beside_it_is_carried_out(string method, string route, string type, string before)
    {
        var time = new Testing.ManualTime();
        await using var server = await StartAsync(time, On);
        await using var stream = await Stream.OpenAsync(server, method, route, Connect + "\n" + """{"subscribe":{"channel":"chat:a"},"id":2}""");
        Assert.Equal((type, "no"), (stream.ContentType, stream.Header("X-Accel-Buffering")));
        var reply = await stream.ReadAsync(before);
        var connect = JsonElement.Parse(reply).GetProperty("connect");
        Assert.Equal(25, connect.GetProperty("ping").GetInt32());
        Assert.False(connect.TryGetProperty("pong", out _));
        var (session, node) = (connect.GetProperty("session").GetString()!, connect.GetProperty("node").GetString()!);
        Assert.StartsWith("""{"id":2,"subscribe":{""", await stream.ReadAsync(before), StringComparison.Ordinal);
        Assert.Equal(204, await EmulateAsync(server, session, node, """{"publish":{"channel":"chat:a","data":"é"},"id":3}"""));
        string[] lines = [await stream.ReadAsync(before), await stream.ReadAsync(before)];
        Assert.Contains("""{"id":3,"publish":{}}""", lines);
        Assert.Contains("""{"push":{"channel":"chat:a","pub":{"data":"é","offset":1}}}""", lines);
        for (var i = 0; i < 4; i++)
        {
            time.Advance(TimeSpan.FromSeconds(25));
            Assert.Equal("{}", await stream.ReadAsync(before));
        }

        Assert.Equal(204, await EmulateAsync(server, session, node, "{}"));
        Assert.Equal(204, await EmulateAsync(server, session, node, "nonsense"));
        Assert.Equal("""{"push":{"disconnect":{"code":3501,"reason":"bad request"}}}""", await stream.ReadAsync(before));
        Assert.Null(await stream.TryReadAsync());
        await server.ExpectIdleAsync();
        Assert.Equal(404, await EmulateAsync(server, session, node, "{}"));
    }

    [Fact]
    public async Task What_is_said_beside_needs_the_session_s_own_secret_and_form()
    {
        await using var server = await StartAsync(On);
        await using var stream = await Stream.OpenAsync(server, "POST", "http_stream", Connect);
        var connect = JsonElement.Parse(await stream.ReadAsync("")).GetProperty("connect");
        var (session, node) = (connect.GetProperty("session").GetString()!, connect.GetProperty("node").GetString()!);
        var id = connect.GetProperty("client").GetString()!;
        Assert.DoesNotContain(session[(id.Length + 1)..], id, StringComparison.Ordinal);
        await using var socket = await CentrifugeClient.ConnectAsync(server);
        foreach (var wrong in new[] { id, id + ".", id + "." + new string('0', 32), session + "0", session[..^1], session + ".x", "." + session, "", socket.Id + session[id.Length..] })
        {
            Assert.Equal(404, await EmulateAsync(server, wrong, node, "{}"));
        }

        Assert.Equal(404, await EmulateAsync(server, session, "another", "{}"));
        foreach (var body in new[] { "", "{}", "[]", "nonsense", $$"""{"session":"{{session}}","node":"{{node}}"}""", $$"""{"session":7,"node":"{{node}}","data":"{}"}""", $$"""{"session":"{{session}}","node":"{{node}}","data":"\ud800"}""" })
        {
            Assert.Equal(400, await PostAsync(server, "/emulation", body));
        }

        Assert.Equal(413, await PostAsync(server, "/emulation", new string(' ', 65 * 1024)));
        Assert.Equal(204, await EmulateAsync(server, session, node, """{"rpc":{"method":"x"},"id":9}"""));
        Assert.Equal("""{"id":9,"error":{"code":104,"message":"method not found"}}""", await stream.ReadAsync(""));
    }

    [Theory]
    [InlineData("sse")]
    [InlineData("http_stream")]
    public async Task What_does_not_begin_with_connect_is_refused(string route)
    {
        await using var server = await StartAsync([.. On, ("Tidings:RequireAuthentication", "true")]);
        Assert.Equal(400, await PostAsync(server, "/connection/" + route, ""));
        Assert.Equal(400, await PostAsync(server, "/connection/" + route, "\xff", Encoding.Latin1));
        Assert.Equal(413, await PostAsync(server, "/connection/" + route, new string(' ', (int)server.Services.Node.Limits.Messages(binary: false).SoftLimit + 1)));
        foreach (var (lines, code) in new[] { ("nonsense", 3501), ("""{"subscribe":{"channel":"chat:a"},"id":1}""", 3501), (Connect, 3501), ("""{"connect":{"token":"x"},"id":1}""", 3500) })
        {
            await using var stream = await Stream.OpenAsync(server, "POST", route, lines);
            Assert.Contains($"{{\"push\":{{\"disconnect\":{{\"code\":{code},", await stream.ReadAsync(""), StringComparison.Ordinal);
            Assert.Null(await stream.TryReadAsync());
        }

        await using var late = await Stream.OpenAsync(server, "POST", route, $$$"""{"connect":{"token":"{{{CentrifugeClient.Token(new { sub = "ann", exp = 1 })}}}"},"id":1}""");
        Assert.EndsWith("""{"id":1,"error":{"code":109,"message":"token expired"}}""", await late.ReadAsync(""), StringComparison.Ordinal);
        await late.DisposeAsync();
        await server.ExpectIdleAsync();
    }

    [Theory]
    [InlineData("sse", "", 415)]
    [InlineData("http_stream", "", 400)]
    [InlineData("http_stream", "0502", 400)]
    [InlineData("http_stream", "ffffffffffffffffff01", 400)]
    public async Task Protobuf_that_is_cut_or_has_lengths_beyond_it_is_refused(string route, string bytes, int status)
    {
        await using var server = await StartAsync(On);
        foreach (var path in new[] { "/connection/" + route, "/emulation" })
        {
            using var content = new ByteArrayContent(Convert.FromHexString(bytes)) { Headers = { ContentType = new("application/octet-stream") } };
            using var answer = await server.Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
            Assert.Equal(path == "/emulation" ? 400 : status, (int)answer.StatusCode);
        }
    }

    [Fact]
    public async Task Pages_of_other_origins_may_ask()
    {
        await using var server = await StartAsync([.. On, ("Tidings:AllowedOrigins:0", "https://app.example.com")]);
        foreach (var path in new[] { "/connection/sse", "/connection/http_stream", "/emulation" })
        {
            using var preflight = new HttpRequestMessage(HttpMethod.Options, path) { Headers = { { "Origin", "https://app.example.com" }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "content-type" } } };
            using var answer = await server.Http.SendAsync(preflight, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.NoContent, "https://app.example.com"), (answer.StatusCode, answer.Headers.GetValues("Access-Control-Allow-Origin").Single()));
            using var foreign = new HttpRequestMessage(HttpMethod.Post, path) { Headers = { { "Origin", "https://evil.example.com" } }, Content = new StringContent(Connect) };
            using var refused = await server.Http.SendAsync(foreign, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }
    }

    private static Task<int> EmulateAsync(TestServer server, string session, string node, string data) => PostAsync(server, "/emulation", JsonSerializer.Serialize(new { session, node, data }));

    private static async Task<int> PostAsync(TestServer server, string path, string body, Encoding? encoding = null)
    {
        using var content = new StringContent(body, encoding ?? Encoding.UTF8, "application/json");
        using var answer = await server.Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    private sealed class Stream(HttpResponseMessage response, StreamReader reader) : IAsyncDisposable
    {
        public string? ContentType => response.Content.Headers.ContentType?.MediaType;

        public static async Task<Stream> OpenAsync(TestServer server, string method, string route, string lines)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), "/connection/" + route + (method == "GET" ? "?cf_connect=" + Uri.EscapeDataString(lines) : ""))
            {
                Content = method == "GET" ? null : new StringContent(lines),
            };
            var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return new Stream(response, new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
        }

        public string Header(string name) => response.Headers.GetValues(name).Single();

        /// <summary>The next line that is not empty, without what stands before its text.</summary>
        public async Task<string> ReadAsync(string before)
        {
            var line = await TryReadAsync();
            Assert.NotNull(line);
            Assert.StartsWith(before, line, StringComparison.Ordinal);
            return line[before.Length..];
        }

        public async Task<string?> TryReadAsync()
        {
            string? line;
            do
            {
                line = await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
            }
            while (line is "");
            return line;
        }

        public ValueTask DisposeAsync()
        {
            reader.Dispose();
            response.Dispose();
            return default;
        }
    }
}

using System.Net;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Http;

public sealed class StartPageTests : ServerTests
{
    private const string Greeting = """{"message":"WebSocket server running. Connect to /ws/{room}"}""";

    [Theory]
    [InlineData(null)]
    [InlineData("*/*")]
    [InlineData("application/json")]
    public async Task Programs_get_the_json(string? accept)
    {
        await using var server = await StartAsync();
        using var response = await GetAsync(server, "/", accept);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(Greeting, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Browsers_get_the_page_and_all_its_files()
    {
        await using var server = await StartAsync();
        using var response = await GetAsync(server, "/", "text/html,application/xhtml+xml,*/*;q=0.8");
        var html = await response.Content.ReadAsStringAsync();
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("default-src 'self'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        foreach (var (file, type) in new[] { ("page.js", "text/javascript"), ("page.css", "text/css"), ("logo.svg", "image/svg+xml") })
        {
            Assert.Contains("pages/" + file, html, StringComparison.Ordinal);
            using var part = await GetAsync(server, "/pages/" + file, null);
            Assert.Equal(HttpStatusCode.OK, part.StatusCode);
            Assert.Equal(type, part.Content.Headers.ContentType!.MediaType);
            Assert.Equal("nosniff", part.Headers.GetValues("X-Content-Type-Options").Single());
        }
    }

    [Theory]
    [InlineData("/pages/nothing.js")]
    [InlineData("/pages/..%2fpage.js")]
    [InlineData("/pages/")]
    public async Task Nothing_else_is_served(string path)
    {
        await using var server = await StartAsync();
        using var response = await GetAsync(server, path, null);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task The_browser_client_is_served_with_the_demo_and_without(string demo)
    {
        await using var server = await StartAsync(("Tidings:Demo", demo));
        using var response = await GetAsync(server, "/tidings.js", null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/javascript", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("export{", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_a_file_already_gets_304_and_who_takes_gzip_gets_less()
    {
        await using var server = await StartAsync();
        using var plain = await GetAsync(server, "/tidings.js", null);
        using var compressed = await GetAsync(server, "/tidings.js", null, request => request.Headers.TryAddWithoutValidation("Accept-Encoding", "br, gzip"));
        Assert.Equal("gzip", compressed.Content.Headers.ContentEncoding.Single());
        Assert.InRange((await compressed.Content.ReadAsByteArrayAsync()).Length, 1, 20 * 1024);
        Assert.NotEqual(plain.Headers.ETag, compressed.Headers.ETag);
        Assert.Contains("Accept-Encoding", compressed.Headers.Vary);
        using var again = await GetAsync(server, "/tidings.js", null, request => request.Headers.IfNoneMatch.Add(plain.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        using var refused = await GetAsync(server, "/tidings.js", null, request => request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip;q=0"));
        Assert.Empty(refused.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task Without_the_demo_there_is_no_page_and_the_echo_route_is_a_room()
    {
        await using var server = await StartAsync(("Tidings:Demo", "false"));
        using var response = await GetAsync(server, "/", "text/html");
        Assert.Equal(Greeting, await response.Content.ReadAsStringAsync());
        using var part = await GetAsync(server, "/pages/page.js", null);
        Assert.Equal(HttpStatusCode.NotFound, part.StatusCode);
        await using var socket = await server.ConnectAsync("/ws/echo");
        await socket.SendTextAsync("x");
        await socket.ExpectTextAsync("[echo] x");
    }

    [Fact]
    public async Task A_running_server_is_alive_and_ready()
    {
        await using var server = await StartAsync();
        foreach (var path in new[] { "/healthz", "/readyz" })
        {
            using var response = await server.Http.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("Healthy", await response.Content.ReadAsStringAsync());
        }
    }

    private static async Task<HttpResponseMessage> GetAsync(TestServer server, string path, string? accept, Action<HttpRequestMessage>? configure = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        configure?.Invoke(request);

        return await server.Http.SendAsync(request);
    }
}

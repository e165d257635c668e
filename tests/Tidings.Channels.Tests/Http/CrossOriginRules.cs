using System.Net;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Http;

/// <summary>Which pages may read. That a browser obeys: <c>EventSourceTests</c>.</summary>
public sealed class CrossOriginRules : HttpRules
{
    private const string Friend = "https://app.example.com";

    [Fact]
    public async Task A_configured_origin_may_read_and_send_with_its_users_cookies()
    {
        await using var server = await StartAsync(("Tidings:AllowedOrigins:0", Friend), ("Tidings:AllowedOrigins:1", "https://other.example.com"));
        foreach (var url in new[] { "/connect?wait=0", "/api/events", "/api/messages" })
        {
            using var response = await AskAsync(server, HttpMethod.Get, url, Friend);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal((Friend, "true"), (Header(response, "Access-Control-Allow-Origin"), Header(response, "Access-Control-Allow-Credentials")));
            Assert.Contains("Origin", response.Headers.Vary);
        }

        using var preflight = await AskAsync(server, HttpMethod.Options, "/connect", Friend, ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type"));
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal((Friend, "GET,POST,DELETE"), (Header(preflight, "Access-Control-Allow-Origin"), Header(preflight, "Access-Control-Allow-Methods")));
        Assert.Contains("Authorization", Header(preflight, "Access-Control-Allow-Headers"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("http://app.example.com")]
    [InlineData("https://app.example.com.evil.example")]
    [InlineData("https://app.example.com:444")]
    [InlineData("null")]
    public async Task Another_origin_is_refused_and_told_nothing(string origin)
    {
        await using var server = await StartAsync(("Tidings:AllowedOrigins:0", Friend));
        foreach (var url in new[] { "/connect?wait=0", "/api/events" })
        {
            using var response = await AskAsync(server, HttpMethod.Get, url, origin);
            Assert.Equal((HttpStatusCode.Forbidden, null), (response.StatusCode, Header(response, "Access-Control-Allow-Origin")));
        }

        using var preflight = await AskAsync(server, HttpMethod.Options, "/connect", origin, ("Access-Control-Request-Method", "POST"));
        Assert.Null(Header(preflight, "Access-Control-Allow-Origin"));
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Where_no_origin_is_configured_all_may_read_but_without_cookies()
    {
        await using var server = await StartAsync();
        using var response = await AskAsync(server, HttpMethod.Get, "/connect?wait=0", "https://anybody.example");
        Assert.Equal(("*", null), (Header(response, "Access-Control-Allow-Origin"), Header(response, "Access-Control-Allow-Credentials")));

        // A page of another origin that has its user's cookie sent along.
        using var withCookie = await AskAsync(server, HttpMethod.Get, "/connect?wait=0", "https://anybody.example", ("Cookie", "session_id=1"), (TestUser.Header, "ann"));
        Assert.Equal(HttpStatusCode.Forbidden, withCookie.StatusCode);
    }

    private static async Task<HttpResponseMessage> AskAsync(TestServer server, HttpMethod method, string url, string origin, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Add("Origin", origin);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}

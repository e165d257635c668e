using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Security;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>B1: a page of another origin that has its visitor's cookie sent along (Gitpod GHSA-f53g-frr2-jhpf, Vite CVE-2025-24010).</summary>
public abstract class B01_Origins(string pump) : ServerTests(pump)
{
    private const string Host = "app.example.com:8000";

    public static TheoryData<string> Foreign =>
    [
        "none", "null", "http://evil.example", "http://app.example.com:8000.evil", "http://app.example.com:8000@evil.example", "https://app.example.com:8000",
        "http://app.example.com:8001", "http://app.example.com", "http://app.example.com.:8000", "http://xn--pp-yia.example.com:8000", "app.example.com:8000", "", "http://app.example.com:8000/",
    ];

    [Theory]
    [MemberData(nameof(Foreign))]
    public async Task A_cookie_speaks_for_pages_of_our_own_origin_alone(string origin)
    {
        var sent = origin == "none" ? null : origin;
        await using var server = await StartAsync(TokenMaker.Settings);
        await using var control = await ControlPair.StartAsync(server.Port);
        var cookie = "session_id=" + new TokenMaker(TimeProvider.System).Make("ann");
        foreach (var path in new[] { "/connect", "/ws/lobby", "/ws/clients/ann" })
        {
            Assert.Equal(403, (await server.HandshakeAsync(path, ("Host", Host), ("Cookie", cookie), ("Origin", sent))).Status);
        }

        var lines = $"Host: {Host}\r\nCookie: {cookie}\r\n" + (sent is null ? "" : $"Origin: {sent}\r\n");
        Assert.Equal(403, (await server.RequestAsync($"GET /api/events HTTP/1.1\r\n{lines}\r\n")).Status);
        Assert.Equal(403, (await server.RequestAsync($"GET /api/messages HTTP/1.1\r\n{lines}\r\n")).Status);
        Assert.Equal(403, (await server.RequestAsync($"POST /connect HTTP/1.1\r\n{lines}Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{{\"type\":\"ping\"}}")).Status);
        Assert.Equal(403, (await server.RequestAsync($"POST /api/tickets HTTP/1.1\r\n{lines}Content-Length: 0\r\n\r\n")).Status);
        await control.ExpectUnharmedAsync();
    }

    [Theory]
    [InlineData("rebound.example")]
    [InlineData("rebound.example:8000")]
    [InlineData("localhost.rebound.example:8000")]
    [InlineData("192.0.2.1:8000")]
    public async Task With_a_list_a_name_that_was_turned_to_our_address_is_not_ours(string host)
    {
        await using var server = await StartAsync(TokenMaker.Settings, ("Tidings:AllowedOrigins:0", "https://shop.example.com"));
        foreach (var path in new[] { "/connect", "/ws/lobby" })
        {
            Assert.Equal(403, (await server.HandshakeAsync(path, ("Host", host), ("Origin", "http://" + host))).Status);
            Assert.Equal(101, (await server.HandshakeAsync(path, ("Host", host), ("Origin", "https://shop.example.com"))).Status);
        }

        foreach (var own in new[] { $"127.0.0.1:{server.Port}", "localhost:8000" })
        {
            Assert.Equal(101, (await server.HandshakeAsync("/connect", ("Host", own), ("Origin", "http://" + own))).Status);
        }
    }

    [Fact]
    public async Task Our_own_pages_and_those_of_the_list_come_in()
    {
        await using var server = await StartAsync(TokenMaker.Settings, ("Tidings:AllowedOrigins:0", "https://shop.example.com"), ("AllowedHosts", "app.example.com;127.0.0.1"));
        var cookie = "session_id=" + new TokenMaker(TimeProvider.System).Make("ann");
        foreach (var origin in new[] { "http://app.example.com:8000", "HTTP://APP.example.com:8000", "https://shop.example.com" })
        {
            Assert.Equal(101, (await server.HandshakeAsync("/connect", ("Host", Host), ("Cookie", cookie), ("Origin", origin))).Status);
        }

        // A host that we don't know ourselves by is refused before anything else is asked.
        Assert.Equal(400, (await server.HandshakeAsync("/connect", ("Host", "rebound.example:8000"), ("Cookie", cookie), ("Origin", "http://rebound.example:8000"))).Status);

        // From a page of our own a browser reads without an origin, and says so.
        Assert.Equal(200, (await server.RequestAsync($"GET /api/messages HTTP/1.1\r\nHost: {Host}\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n\r\n")).Status);
        Assert.Equal(403, (await server.RequestAsync($"GET /api/messages HTTP/1.1\r\nHost: {Host}\r\nCookie: {cookie}\r\nSec-Fetch-Site: cross-site\r\n\r\n")).Status);
    }
}

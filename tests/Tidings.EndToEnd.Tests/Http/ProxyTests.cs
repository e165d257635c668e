using System.Net;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary>What a server behind a proxy is told by options.</summary>
public sealed class ProxyTests : ServerTests
{
    [Theory]
    [InlineData("127.0.0.1", "push.example.com;127.0.0.1", 101)]
    [InlineData("127.0.0.1", "*", 403)]
    [InlineData("10.0.0.0/8", "push.example.com;127.0.0.1", 403)]
    public async Task The_servers_own_origin_is_that_of_the_proxy_where_the_proxy_is_trusted_and_the_host_is_ours(string proxy, string hosts, int status)
    {
        await using var server = await StartAsync(("Tidings:TrustedProxies:0", proxy), ("Tidings:AllowedOrigins:0", "https://elsewhere.example"), ("AllowedHosts", hosts));
        var response = await server.HandshakeAsync(
            "/ws", ("Origin", "https://push.example.com"), ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "push.example.com"));
        Assert.Equal(status, response.Status);
    }

    [Fact]
    public async Task All_routes_are_reached_with_the_path_base_and_without()
    {
        await using var server = await StartAsync(("Tidings:PathBase", "/push"));
        await using var one = await server.ConnectAsync("/push/ws/lobby");
        await using var two = await server.ConnectAsync("/ws/lobby");
        await one.SendTextAsync("hi");
        await two.ExpectTextAsync("[lobby] hi");
        Assert.Equal("Healthy", await server.Http.GetStringAsync(new Uri("/push/readyz", UriKind.Relative)));
        using var response = await server.Http.PostAsync("/push/broadcast", Json.Content("""{"content":"x","room":"lobby"}"""));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}

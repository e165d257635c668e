using System.Net;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Clients that name another address than their own, as CVE-2022-23556: a client that is no trusted proxy is counted by its own address.</summary>
public abstract class B35_SpoofedAddresses(string pump) : ServerTests(pump)
{
    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Original-For")]
    [InlineData("X-Real-IP")]
    [InlineData("Forwarded")]
    public async Task Whatever_a_stranger_claims_his_own_address_counts(string header)
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerIp", "2"), ("Tidings:TrustedProxies:0", "10.0.0.0/8"));
        await using var control = await ControlPair.StartAsync(server.Port);
        await using var first = await server.ConnectSettledAsync("/ws", Claiming(header, 1));
        await using var second = await server.ConnectSettledAsync("/ws", Claiming(header, 2));
        for (var i = 3; i < 23; i++)
        {
            await using var refused = await server.ConnectAsync("/ws", Claiming(header, i));
            await refused.ExpectCloseAsync(1008, "Too many connections");
        }

        await control.ExpectUnharmedAsync();
    }

    [Fact]
    public async Task A_forwarded_header_that_is_not_believed_is_told_of_once()
    {
        await using var server = await StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await using var socket = await server.ConnectSettledAsync("/ws", Claiming("X-Forwarded-For", i));
            using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz");
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", "192.0.2.1");
            using var response = await server.Http.SendAsync(request);
        }

        Assert.Contains("Tidings:TrustedProxies", Assert.Single(server.Log), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", "192.0.2.2")]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2")]
    [InlineData("192.0.2.1", "[::ffff:192.0.2.1]:4711", "192.0.2.2")]
    [InlineData("192.0.2.1", "192.0.2.1:4711", "192.0.2.2:4711")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:3::1")]
    [InlineData("192.0.2.1", "203.0.113.9, 192.0.2.1", "192.0.2.1, 192.0.2.2")]
    [InlineData("192.0.2.1", "203.0.113.9, 192.0.2.1, 127.0.0.5", "192.0.2.1, 192.0.2.2, 127.0.0.5")]
    public async Task What_a_trusted_proxy_says_counts_from_its_end(string one, string same, string other)
    {
        await using var server = await StartAsync(
            ("Tidings:Limits:ConnectionsPerIp", "1"), ("Tidings:TrustedProxies:0", "127.0.0.1"), ("Tidings:TrustedProxies:1", "127.0.0.5/32"));
        await using var first = await server.ConnectSettledAsync("/ws", From(one));
        await using (var refused = await server.ConnectAsync("/ws", From(same)))
        {
            await refused.ExpectCloseAsync(1008, "Too many connections");
        }

        await using var second = await server.ConnectSettledAsync("/ws", From(other));
        await using var stranger = await server.ConnectSettledAsync("/ws", From(one) with { From = "127.0.0.2" });
    }

    [Theory]
    [InlineData("not an address")]
    [InlineData("")]
    [InlineData("192.0.2.1\t\u001b[31m")]
    [InlineData("999.999.999.999")]
    public async Task What_is_no_address_counts_as_the_proxy(string value)
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerIp", "1"), ("Tidings:TrustedProxies:0", "127.0.0.1"));
        await using var first = await server.ConnectSettledAsync("/ws");
        var response = await server.HandshakeAsync("/ws", ("X-Forwarded-For", value));
        Assert.Contains(response.Status, new[] { 101, 400 });
        Assert.Equal(1, server.Registry.Count);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-For", "::1")]
    [InlineData("X-Forwarded-Host", "localhost")]
    [InlineData("X-Forwarded-Proto", "http")]
    public async Task Nobody_becomes_direct_and_local_through_a_trusted_proxy(string header, string value)
    {
        await using var server = await StartAsync(("Tidings:TrustedProxies:0", "127.0.0.1"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/broadcast") { Content = Json.Content("""{"content":"x","room":"lobby"}""") };
        request.Headers.TryAddWithoutValidation(header, value);
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private static RawOptions From(string address) => new() { Headers = [("X-Forwarded-For", address)] };

    private static RawOptions Claiming(string header, int i) =>
        new() { Headers = [(header, header == "Forwarded" ? $"for=192.0.2.{i}" : $"192.0.2.{i}")] };
}

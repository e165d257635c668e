using TestKit;
using Tidings.Conformance.Tests.Infrastructure;

namespace Tidings.Conformance.Tests.Transport;

/// <summary>What is no WebSocket handshake, or comes before or behind one on the same connection.</summary>
public abstract class OtherRequests(string pump)
{
    [Theory]
    [InlineData("160301010001000100000000000000000000000000")]
    [InlineData("505249202A20485454502F322E300D0A0D0A534D0D0A0D0A000000040000000000")]
    [InlineData("00")]
    [InlineData("0D0A0D0A0D0A0D0A00")]
    public async Task What_is_no_request_is_ended_in_peace(string hex)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(Convert.FromHexString(hex));
        await tcp.ExpectEndAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_handshake_behind_an_ordinary_request_is_served()
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(RawHead.Get("/healthz") + RawHead.Get("/healthz") + RawHead.Upgrade());
        await tcp.ExpectStatusAsync(200);
        await tcp.ExpectStatusAsync(200);
        await tcp.ExpectStatusAsync(101);
        await tcp.ExpectEchoAsync("second");
    }

    [Fact]
    public async Task An_upgrade_to_what_is_no_WebSocket_is_an_ordinary_request()
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(RawHead.Upgrade("/healthz"));
        await tcp.ExpectStatusAsync(200);
        await tcp.SendAsync(RawHead.Get("/healthz"));
        await tcp.ExpectStatusAsync(200);
        await tcp.SendAsync(RawHead.Upgrade("/nothing-here"));
        await tcp.ExpectStatusAsync(404);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Version", "12", 426)]
    [InlineData("Sec-WebSocket-Key", "short", 400)]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate; =", 400)]
    public async Task After_a_refused_handshake_the_next_request_is_served(string header, string value, int status)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(RawHead.Upgrade(headers: (header, value)));
        await tcp.ExpectStatusAsync(status);
        await tcp.SendAsync(RawHead.Get("/healthz"));
        await tcp.ExpectStatusAsync(200);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_refused_handshake_the_next_is_served(bool together)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        var refused = RawHead.Upgrade(headers: ("Sec-WebSocket-Version", "12"));
        await tcp.SendAsync(together ? refused + RawHead.Upgrade() : refused);
        await tcp.ExpectStatusAsync(426);
        if (!together)
        {
            await tcp.SendAsync(RawHead.Upgrade());
        }

        await tcp.ExpectStatusAsync(101);
        await tcp.ExpectEchoAsync("at last");
        await tcp.DisposeAsync();
        await server.ExpectIdleAsync();
    }

    [Theory]
    [InlineData("Content-Length", "5", "hello")]
    [InlineData("Content-Length", "0", "")]
    [InlineData("Transfer-Encoding", "chunked", "5\r\nhello\r\n0\r\n\r\n")]
    public async Task A_handshake_with_a_body_is_answered_and_the_body_is_no_frame(string header, string value, string body)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(RawHead.Upgrade(headers: (header, value)) + body);
        var response = await tcp.ReadOneResponseAsync();
        if (response.Status == 101)
        {
            Assert.Equal("", body);
            await tcp.ExpectEchoAsync("no body");
        }
        else
        {
            Assert.InRange(response.Status, 400, 426);
        }

        await tcp.DisposeAsync();
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Theory]
    [InlineData("HTTP/1.0")]
    [InlineData("HTTP/0.9")]
    [InlineData("HTTP/9.9")]
    [InlineData("")]
    public async Task Another_version_of_HTTP_gets_no_WebSocket(string version)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(RawHead.Upgrade().Replace("HTTP/1.1", version, StringComparison.Ordinal));
        var response = await tcp.ReadOneResponseAsync();
        Assert.InRange(response.Status, 400, 505);
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }
}

public sealed class OtherRequestsOnLanes() : OtherRequests(Pump.Lanes);

public sealed class OtherRequestsOnStreams() : OtherRequests(Pump.Streams);

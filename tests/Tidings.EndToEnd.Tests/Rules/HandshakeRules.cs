using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class HandshakeRules(string pump) : ServerTests(pump)
{
    [Theory]
    [InlineData("/ws")]
    [InlineData("/ws/lobby")]
    [InlineData("/ws/echo")]
    public async Task A_request_without_an_upgrade_is_answered_426_with_three_lines_of_help(string path)
    {
        await using var server = await StartAsync();
        using var response = await server.Http.GetAsync(path);
        Assert.Equal(426, (int)response.StatusCode);
        Assert.Equal("websocket", response.Headers.Upgrade.Single().Name);
        Assert.Equal(3, (await response.Content.ReadAsStringAsync()).Trim().Split('\n').Length);
    }

    [Theory]
    [InlineData("Upgrade", "WebSocket")]
    [InlineData("Upgrade", "h2c, websocket")]
    [InlineData("Connection", "keep-alive, Upgrade")]
    [InlineData("Connection", "upgrade")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
    [InlineData("Sec-WebSocket-Protocol", "chat, superchat")]
    [InlineData("X-Unknown", "whatever")]
    public async Task A_handshake_in_any_usual_form_is_answered_101(string header, string value)
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws", new RawOptions { Headers = [(header, value)] });
        await socket.SendTextAsync("x");
        await socket.ExpectTextAsync("Echo: x");
    }

    [Fact]
    public async Task Neither_an_extension_nor_a_protocol_is_agreed_that_was_not_understood()
    {
        await using var server = await StartAsync();
        var response = await server.HandshakeAsync("/ws/lobby", ("Sec-WebSocket-Extensions", "permessage-foo"), ("Sec-WebSocket-Protocol", "chat"));
        Assert.Equal(101, response.Status);
        Assert.Null(response.Header("Sec-WebSocket-Extensions"));
        Assert.Null(response.Header("Sec-WebSocket-Protocol"));
        Assert.Null(response.Header("Server"));
    }

    [Fact]
    public async Task Frames_sent_right_behind_the_handshake_are_answered()
    {
        await using var server = await StartAsync();
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        var request = System.Text.Encoding.ASCII.GetBytes(RawHandshake.Request("/ws", server.Port, RawHandshake.NewKey(), []));
        await tcp.SendAsync(request.Concat(RawFrame.OfText("early").ToBytes()).ToArray());
        Assert.Equal(101, (await tcp.ReadResponseAsync()).Status);
        while (RawFrame.Parse(tcp.Buffered) is null)
        {
            Assert.True(await tcp.FillAsync());
        }

        Assert.Equal("Echo: early", RawFrame.Parse(tcp.Buffered)!.Value.Frame.Text);
    }

    [Fact]
    public async Task A_handshake_in_one_byte_segments_is_answered()
    {
        await using var server = await StartAsync();
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        foreach (var letter in RawHandshake.Request("/ws", server.Port, RawHandshake.NewKey(), []))
        {
            await tcp.SendAsync(letter.ToString());
        }

        Assert.Equal(101, (await tcp.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task Without_a_list_every_origin_may_connect()
    {
        await using var server = await StartAsync();
        foreach (var origin in new[] { "https://elsewhere.example", "null" })
        {
            Assert.Equal(101, (await server.HandshakeAsync("/ws/lobby", ("Origin", origin))).Status);
        }
    }

    [Theory]
    [InlineData("https://app.example.com", true)]
    [InlineData("HTTPS://APP.EXAMPLE.COM", true)]
    [InlineData("http://app.example.com", false)]
    [InlineData("https://app.example.com:8443", false)]
    [InlineData("https://app.example.com.evil.example", false)]
    [InlineData("https://app.example.com@evil.example", false)]
    [InlineData("https://app.example.com.", false)]
    [InlineData("https://evil.example", false)]
    [InlineData("null", false)]
    [InlineData("", false)]
    public async Task With_a_list_an_origin_that_is_not_on_it_is_refused_with_403(string origin, bool allowed)
    {
        await using var server = await StartAsync(("Tidings:AllowedOrigins:0", "https://app.example.com"));
        var response = await server.HandshakeAsync("/ws/lobby", ("Origin", origin));
        Assert.Equal(allowed ? 101 : 403, response.Status);
    }

    [Fact]
    public async Task With_a_list_our_own_pages_and_programs_may_still_connect()
    {
        await using var server = await StartAsync(("Tidings:AllowedOrigins:0", "https://app.example.com"));
        Assert.Equal(101, (await server.HandshakeAsync("/ws/lobby", ("Origin", $"http://127.0.0.1:{server.Port}"))).Status);
        Assert.Equal(101, (await server.HandshakeAsync("/ws/lobby")).Status);
        Assert.Equal(403, (await server.HandshakeAsync("/ws/lobby", ("Origin", "https://app.example.com"), ("Origin", "https://evil.example"))).Status);
    }

    [Fact]
    public async Task A_peer_that_goes_in_the_middle_of_its_handshake_leaves_nothing()
    {
        await using var server = await StartAsync();
        var request = RawHandshake.Request("/ws/lobby", server.Port, RawHandshake.NewKey(), []);
        for (var length = 0; length <= request.Length; length += 7)
        {
            await using var tcp = await RawTcp.ConnectAsync(server.Port);
            await tcp.SendAsync(request[..length]);
            tcp.Reset();
        }

        await using var whole = await RawTcp.ConnectAsync(server.Port);
        await whole.SendAsync(request);
        whole.Reset();
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }
}

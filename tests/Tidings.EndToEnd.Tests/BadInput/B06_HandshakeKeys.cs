using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Handshakes that are wrong in one thing, as CVE-2026-5067.</summary>
public abstract class B06_HandshakeKeys(string pump) : ServerTests(pump)
{
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==";

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ=")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==x")]
    [InlineData("dGhlIHNhbXBsZSBub25jZTE=")]
    [InlineData("dGhlIHNhbXBsZSBub25jZTE2")]
    [InlineData("????????????????????????")]
    [InlineData("dGhlIHNhbXBs ZSBub25jZQ=")]
    public async Task A_key_that_is_not_16_bytes_of_base64_is_answered_400(string? key)
    {
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        Assert.Equal(400, (await server.HandshakeAsync("/ws/lobby", ("Sec-WebSocket-Key", key))).Status);
        Assert.Equal(2, server.Registry.Count);
        await control.ExpectUnharmedAsync();
    }

    [Fact]
    public async Task A_key_of_10000_characters_or_two_keys_are_answered_400()
    {
        await using var server = await StartAsync();
        Assert.Equal(400, (await server.HandshakeAsync("/ws/lobby", ("Sec-WebSocket-Key", new string('A', 10_000)))).Status);
        Assert.Equal(400, (await server.HandshakeAsync("/ws/lobby", ("Sec-WebSocket-Key", Key), ("Sec-WebSocket-Key", Key))).Status);
        Assert.Equal(0, server.Registry.Count);
    }

    [Theory]
    [InlineData("8")]
    [InlineData("14")]
    [InlineData("13, 8")]
    [InlineData("")]
    [InlineData(null)]
    public async Task Another_version_is_answered_426_with_ours(string? version)
    {
        await using var server = await StartAsync();
        var response = await server.HandshakeAsync("/ws/lobby", ("Sec-WebSocket-Version", version));
        Assert.Equal(426, response.Status);
        Assert.Equal("13", response.Header("Sec-WebSocket-Version"));
    }

    [Theory]
    [InlineData("Upgrade", null)]
    [InlineData("Upgrade", "h2c")]
    [InlineData("Upgrade", "websocket2")]
    [InlineData("Connection", null)]
    [InlineData("Connection", "keep-alive")]
    public async Task Without_an_upgrade_to_websocket_it_is_answered_426(string header, string? value)
    {
        await using var server = await StartAsync();
        Assert.Equal(426, (await server.HandshakeAsync("/ws/lobby", (header, value))).Status);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("HEAD")]
    public async Task Another_method_is_no_handshake(string method)
    {
        await using var server = await StartAsync();
        var response = await server.RequestAsync(RawHandshake.Request("/ws/lobby", server.Port, Key, [("Content-Length", "0"), ("Connection", "close, Upgrade")], method));
        Assert.Contains(response.Status, new[] { 400, 405, 426 });
        Assert.Equal(0, server.Registry.Count);
    }

    [Fact]
    public async Task Http_1_0_is_no_handshake()
    {
        await using var server = await StartAsync();
        var request = RawHandshake.Request("/ws/lobby", server.Port, Key, []).Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal);
        Assert.Contains((await server.RequestAsync(request)).Status, new[] { 400, 426 });
    }
}

using Tidings.AspNetCore.Tests.Endpoints;

namespace Tidings.AspNetCore.Tests;

/// <summary>The test client says what went wrong.</summary>
public sealed class TestingTests
{
    [Fact]
    public async Task A_failure_shows_all_that_was_received()
    {
        await using var app = await EndpointApp.StartAsync(HostKind.Memory, app => app.MapWebSocket("/ws", async ws =>
        {
            await ws.SendTextAsync("one");
            await ws.SendBytesAsync(new byte[] { 1, 2 });
            await ws.ReceiveTextAsync();
        }));
        await using var ws = await app.ConnectAsync();
        ws.Limit = TimeSpan.FromMilliseconds(200);
        Assert.Equal("one", await ws.ReceiveTextAsync());
        var wrong = await Assert.ThrowsAsync<TestWebSocketException>(() => ws.ReceiveTextAsync());
        Assert.Equal("Expected a text, got 2 bytes 0102.\nReceived so far:\n1. text \"one\"\n2. 2 bytes 0102", wrong.Message);
        var late = await Assert.ThrowsAsync<TestWebSocketException>(() => ws.ExpectCloseAsync(1000));
        Assert.StartsWith("Expected close 1000, but nothing came within 0.2 s.\nReceived so far:\n1. text \"one\"", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_close_code_is_named()
    {
        await using var app = await EndpointApp.StartAsync(HostKind.Memory, app => app.MapWebSocket("/ws", ws => ws.CloseAsync(4200, "no")));
        await using var ws = await app.ConnectAsync();
        var wrong = await Assert.ThrowsAsync<TestWebSocketException>(() => ws.ExpectCloseAsync(1000));
        Assert.StartsWith("Expected close 1000, got close 4200 \"no\".", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_shows_status_and_body()
    {
        await using var app = await EndpointApp.StartAsync(HostKind.Memory, app => app.MapWebSocket("/ws", ws => ws.RejectAsync(429, "Slow down")));
        var refused = await Assert.ThrowsAsync<WebSocketRefusedException>(() => app.ConnectAsync());
        Assert.Equal("The handshake was answered with 429: Slow down.", refused.Message);
    }

    [Fact]
    public async Task An_application_that_is_not_started_is_named()
    {
        var builder = WebApplication.CreateSlimBuilder();
        await using var app = builder.Build();
        app.Urls.Clear();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => app.ConnectWebSocketAsync("/ws"));
        Assert.Contains("StartAsync", error.Message, StringComparison.Ordinal);
    }
}

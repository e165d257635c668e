using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary>The program <c>tidings</c> itself: its command line, its environment, its end.</summary>
public sealed class ProgramTests
{
    [Fact]
    public async Task A_start_with_keys_prints_lines_that_show_where_the_key_and_the_token_go()
    {
        await using var program = ServerProcess.Start(
            "serve --urls http://127.0.0.1:0 --api-key 0123456789abcde0 --admin-key 0123456789abcde1", ("Tidings__Jwt__Secret", "a secret of the tests, 32 bytes or more"), ("Tidings__RequireAuthentication", "true"));
        await program.ListeningAsync();
        await Eventually.TrueAsync(() => program.Output.Contains("Ctrl+C", StringComparison.Ordinal), "the welcome is whole");
        Assert.Matches("Listen +python3 -m websockets 'ws://127\\.0\\.0\\.1:[0-9]+/ws/lobby\\?token=<token>'", program.Output);
        Assert.Matches("Say +curl -X POST http://127\\.0\\.0\\.1:[0-9]+/broadcast -H 'authorization: Bearer <key>' ", program.Output);
        Assert.DoesNotContain("0123456789abcde", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_starts_serves_and_ends_in_order_on_Ctrl_C()
    {
        await using var program = ServerProcess.Start("serve --demo --urls http://127.0.0.1:0 --heartbeat 5m --limits small");
        var url = await program.ListeningAsync();
        await using var socket = await RawWebSocket.ConnectAsync(url.Port, "/ws/lobby");
        await socket.SendTextAsync("<b>hi</b> 中文");
        await socket.ExpectTextAsync("[lobby] &lt;b&gt;hi&lt;/b&gt; 中文");
        await program.InterruptAsync();
        await socket.ExpectCloseAsync(1001, "Shutting down");
        await socket.SendCloseAsync(1001);
        await socket.ExpectEofAsync();
        Assert.Equal(0, await program.ExitCodeAsync());
    }

    [Fact]
    public async Task A_second_Ctrl_C_ends_a_drain()
    {
        await using var program = ServerProcess.Start("serve --urls http://127.0.0.1:0", ("Tidings__Drain", "1h"));
        var url = await program.ListeningAsync();
        await using var socket = await RawWebSocket.ConnectAsync(url.Port, "/connect");
        Assert.StartsWith("""{"type":"connected",""", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        await program.InterruptAsync();
        await socket.ExpectTextAsync("""{"type":"disconnecting","reason":"Draining","reconnect":true,"after":0}""");
        await program.InterruptAsync();
        await socket.ExpectCloseAsync(1001, "Shutting down");
        Assert.Equal(0, await program.ExitCodeAsync());
    }

    [Fact]
    public async Task The_environment_sets_options_and_the_command_line_goes_before_it()
    {
        await using var program = ServerProcess.Start(
            "serve --demo --urls http://127.0.0.1:0",
            ("Tidings__Demo", "false"),
            ("Tidings__Limits__MessageBytes", "5"),
            ("Tidings__Limits__MessagesPerSecond", "1"),
            ("Tidings__AllowedOrigins__0", "https://app.example.com"));
        var url = await program.ListeningAsync();
        await using var socket = await RawWebSocket.ConnectAsync(url.Port, "/ws/echo");
        await socket.SendTextAsync("the demo's exact echo");
        await socket.ExpectTextAsync("the demo's exact echo");
        await using var limited = await RawWebSocket.ConnectAsync(url.Port, "/ws");
        await limited.SendTextAsync("123456");
        await limited.ExpectTextAsync("""{"error":"Message too large"}""");
        var options = new RawOptions { Headers = [("Origin", "https://evil.example")] };
        await Assert.ThrowsAsync<ExpectationException>(() => RawWebSocket.ConnectAsync(url.Port, "/ws", options));
    }

    [Fact]
    public async Task Wrong_options_from_everywhere_are_told_together_and_nothing_starts()
    {
        await using var program = ServerProcess.Start("serve --urls http://127.0.0.1:0 --heartbeat soon", ("Tidings__Limits__Conections", "5"), ("Tidings__Drain", "never"));
        Assert.Equal(2, await program.ExitCodeAsync());
        await Eventually.TrueAsync(
            () => new[] { "Tidings:Heartbeat:Interval", "Tidings:Limits:Conections", "Connections", "Tidings:Drain" }.All(key => program.Output.Contains(key, StringComparison.Ordinal)),
            "all faults are told: " + program.Output);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_told_in_words()
    {
        await using var server = await TestServer.StartAsync(Pump.Streams);
        await using var program = ServerProcess.Start($"serve --urls http://127.0.0.1:{server.Port}");
        Assert.Equal(1, await program.ExitCodeAsync());
        await Eventually.TrueAsync(() => program.Output.Contains("--urls", StringComparison.Ordinal), "the output says what to do: " + program.Output);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }
}

using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Tidings.AspNetCore.Tests.Endpoints;

/// <summary>Every member of <see cref="WebSocketConnection"/>, on every pump.</summary>
public abstract class MemberTests(HostKind host)
{
    public sealed class InMemory() : MemberTests(HostKind.Memory);

    public sealed class OverStreams() : MemberTests(HostKind.Streams);

    public sealed class OverLanes() : MemberTests(HostKind.Lanes);

    [Fact]
    public async Task Text_goes_both_ways()
    {
        await using var app = await EchoTextAsync();
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync("häll🎈");
        Assert.Equal("häll🎈", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("");
        Assert.Equal("", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task Many_messages_come_in_order()
    {
        await using var app = await EchoTextAsync();
        await using var ws = await app.ConnectAsync();
        for (var i = 0; i < 1000; i++)
        {
            await ws.SendTextAsync($"{i}");
        }

        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal($"{i}", await ws.ReceiveTextAsync());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(70_000)]
    [InlineData(1_000_000)]
    public async Task Binary_goes_both_ways(int length)
    {
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            while (await ws.ReceiveBytesAsync() is { } bytes)
            {
                await ws.SendBytesAsync(bytes);
            }
        }));
        await using var ws = await app.ConnectAsync();
        var sent = RandomNumberGenerator.GetBytes(length);
        await ws.SendBytesAsync(sent);
        Assert.Equal(sent, await ws.ReceiveBytesAsync());
    }

    [Fact]
    public async Task Json_goes_both_ways()
    {
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            await foreach (var line in ws.ReadAllJsonAsync<Line>())
            {
                await ws.SendJsonAsync(line with { Text = line.Text.ToUpperInvariant() });
                await ws.SendJsonAsync(new { type = "done" });
            }
        }));
        await using var ws = await app.ConnectAsync();
        await ws.SendJsonAsync(new Line("hello", 3));
        Assert.Equal("""{"text":"HELLO","count":3}""", await ws.ReceiveTextAsync());
        Assert.Equal("""{"type":"done"}""", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task Json_by_a_generated_contract()
    {
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async ws =>
        {
            while (await ws.ReceiveJsonAsync(LineJson.Default.Line) is { } line)
            {
                await ws.SendJsonAsync(line, LineJson.Default.Line);
            }
        }));
        await using var ws = await app.ConnectAsync();
        await ws.SendJsonAsync(new Line("hello", 3));
        Assert.Equal(new Line("hello", 3), await ws.ReceiveJsonAsync<Line>());
    }

    [Fact]
    public async Task Whatever_comes_is_one_value()
    {
        var end = new TaskCompletionSource<WebSocketMessage>();
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            while (true)
            {
                var message = await ws.ReceiveAsync();
                switch (message.Kind)
                {
                    case WebSocketMessageKind.Text:
                        await ws.SendTextAsync($"text {message.Text}");
                        break;
                    case WebSocketMessageKind.Binary:
                        await ws.SendTextAsync($"bytes {message.Bytes!.Length}");
                        break;
                    default:
                        end.SetResult(message);
                        return;
                }
            }
        }));
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync("a");
        await ws.SendBytesAsync(new byte[3]);
        Assert.Equal("text a", await ws.ReceiveTextAsync());
        Assert.Equal("bytes 3", await ws.ReceiveTextAsync());
        await ws.CloseAsync(4321, "enough");
        var message = await end.Task.WaitAsync(EndpointApp.Limit);
        Assert.Equal((4321, "enough"), (message.CloseCode, message.CloseReason));
    }

    [Fact]
    public async Task All_messages_can_be_enumerated()
    {
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            await foreach (var message in ws.ReadAllAsync())
            {
                await ws.SendTextAsync(message.Text ?? $"{message.Bytes!.Length}");
            }
        }));
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync("a");
        await ws.SendBytesAsync(new byte[3]);
        Assert.Equal("a", await ws.ReceiveTextAsync());
        Assert.Equal("3", await ws.ReceiveTextAsync());
        await ws.CloseAsync();
        await ws.ExpectCloseAsync(1000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData(100_000)]
    public async Task A_stream_is_one_message(int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            var streaming = ws.SendAsync(new MemoryStream(content));
            var text = ws.SendTextAsync("after");
            await streaming;
            await text;
            await ws.ReceiveTextAsync();
        }));
        await using var ws = await app.ConnectAsync();
        Assert.Equal(content, await ws.ReceiveBytesAsync());
        Assert.Equal("after", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_stream_that_fails_ends_the_connection()
    {
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => ws.SendAsync(new FailingStream()));
            Assert.Null(await ws.ReceiveTextAsync());
        }));
        await using var ws = await app.ConnectAsync();
        await ws.ExpectCloseAsync(1011);
        Assert.Empty(app.Log.Errors);
    }

    [Fact]
    public async Task State_follows_the_connection()
    {
        var states = new List<WebSocketConnectionState>();
        var done = new TaskCompletionSource();
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            states.Add(ws.State);
            await ws.AcceptAsync();
            states.Add(ws.State);
            await ws.SendTextAsync("seen");
            await ws.ReceiveTextAsync();
            states.Add(ws.State > WebSocketConnectionState.Open ? WebSocketConnectionState.Closing : ws.State);
            done.SetResult();
        }));
        await using var ws = await app.ConnectAsync();
        await ws.ReceiveTextAsync();
        await ws.CloseAsync();
        await done.Task.WaitAsync(EndpointApp.Limit);
        Assert.Equal([WebSocketConnectionState.Connecting, WebSocketConnectionState.Open, WebSocketConnectionState.Closing], states);
    }

    [Fact]
    public async Task What_the_handshake_said_can_be_read()
    {
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            ws.Items["seen"] = true;
            await ws.SendTextAsync($"{ws.Headers["X-Test"]} {ws.Query["q"]} {ws.RemoteAddress} {ws.User.Identity!.IsAuthenticated} {ws.Items.Count} {ws.Id.Length > 0}");
        }));
        await using var ws = await app.ConnectAsync("/ws?q=2", new() { ["X-Test"] = "1" });
        Assert.Equal("1 2 127.0.0.1 False 1 True", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_subprotocol_that_was_offered_can_be_chosen()
    {
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            await Assert.ThrowsAsync<ArgumentException>(() => ws.AcceptAsync("c"));
        }));
        await Assert.ThrowsAsync<WebSocketRefusedException>(() => app.ConnectAsync(subprotocols: ["a", "b"]));

        await using var other = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            await ws.AcceptAsync("b");
            await ws.ReceiveTextAsync();
        }));
        await using var ws = await other.ConnectAsync(subprotocols: ["a", "b"]);
        Assert.Equal("b", ws.Subprotocol);
    }

    [Fact]
    public async Task Rejecting_is_visible()
    {
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws, int code) => await ws.RejectAsync(code, "Unauthorized")));
        await using var ws = await app.ConnectAsync("/ws?code=4001");
        Assert.Equal("Unauthorized", await ws.ExpectCloseAsync(4001));
        var refused = await Assert.ThrowsAsync<WebSocketRefusedException>(() => app.ConnectAsync("/ws?code=403"));
        Assert.Equal(403, refused.StatusCode);
    }

    [Fact]
    public async Task What_is_accepted_cannot_be_rejected()
    {
        var error = new TaskCompletionSource<Exception>();
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            await ws.SendTextAsync("hello");
            error.SetResult((await Record.ExceptionAsync(() => ws.RejectAsync(4001)))!);
        }));
        await using var ws = await app.ConnectAsync();
        Assert.IsType<InvalidOperationException>(await error.Task.WaitAsync(EndpointApp.Limit));
    }

    [Fact]
    public async Task Closing_says_code_and_reason_after_what_was_sent()
    {
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            await ws.SendTextAsync("last words");
            await ws.CloseAsync(4200, "Enough");
            Assert.Null(await ws.ReceiveTextAsync());
            await Assert.ThrowsAsync<WebSocketDisconnectException>(() => ws.SendTextAsync("x").AsTask());
        }));
        await using var ws = await app.ConnectAsync();
        Assert.Equal("last words", await ws.ReceiveTextAsync());
        Assert.Equal("Enough", await ws.ExpectCloseAsync(4200));
        Assert.Empty(app.Log.Errors);
    }

    [Fact]
    public async Task A_code_that_may_not_be_sent_is_the_callers_error()
    {
        var errors = new TaskCompletionSource<int>();
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
        {
            await ws.AcceptAsync();
            var count = 0;
            foreach (var code in new[] { 0, 999, 1004, 1005, 1006, 1015, 2999, 5000 })
            {
                count += await Record.ExceptionAsync(() => ws.CloseAsync(code)) is ArgumentOutOfRangeException ? 1 : 0;
            }

            errors.SetResult(count);
        }));
        await using var ws = await app.ConnectAsync();
        Assert.Equal(8, await errors.Task.WaitAsync(EndpointApp.Limit));
    }

    [Fact]
    public async Task Aborted_fires_when_the_peer_is_gone()
    {
        var aborted = new TaskCompletionSource();
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws, CancellationToken stopping) =>
        {
            await ws.AcceptAsync();
            Assert.Equal(ws.Aborted, stopping);
            using var registration = stopping.Register(aborted.SetResult);
            await aborted.Task;
        }));
        var ws = await app.ConnectAsync();
        ws.Abort();
        await aborted.Task.WaitAsync(EndpointApp.Limit);
        await ws.DisposeAsync();
    }

    private Task<EndpointApp> EchoTextAsync() => EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async (WebSocketConnection ws) =>
    {
        while (await ws.ReceiveTextAsync() is { } text)
        {
            await ws.SendTextAsync(text);
        }
    }));

    private sealed class FailingStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new InvalidDataException();
    }
}

public sealed record Line(string Text, int Count);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Line))]
internal sealed partial class LineJson : JsonSerializerContext;

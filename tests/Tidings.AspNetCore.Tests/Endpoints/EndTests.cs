using Microsoft.Extensions.Logging;

namespace Tidings.AspNetCore.Tests.Endpoints;

/// <summary>However a connection or its handler ends.</summary>
public abstract class EndTests(HostKind host)
{
    public sealed class InMemory() : EndTests(HostKind.Memory);

    public sealed class OverStreams() : EndTests(HostKind.Streams);

    public sealed class OverLanes() : EndTests(HostKind.Lanes);

    [Theory]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(1005)]
    public async Task A_normal_close_is_null(int code)
    {
        Assert.SkipWhen(code == 1005 && host != HostKind.Memory, "The client can't say it over a socket.");
        var received = new TaskCompletionSource<string?>();
        await using var app = await StartAsync(async ws => received.SetResult(await ws.ReceiveTextAsync()));
        await using var ws = await app.ConnectAsync();
        await ws.CloseAsync(code);
        Assert.Null(await received.Task.WaitAsync(EndpointApp.Limit));
    }

    [Theory]
    [InlineData(1008, "why")]
    [InlineData(4999, "")]
    public async Task Another_close_throws_with_code_and_reason(int code, string reason)
    {
        var thrown = new TaskCompletionSource<Exception>();
        await using var app = await StartAsync(async ws =>
        {
            await ws.ReceiveTextAsync();
            thrown.SetResult((await Record.ExceptionAsync(() => ws.ReceiveTextAsync().AsTask()))!);
        });
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync("before");
        await ws.CloseAsync(code, reason);
        var error = Assert.IsType<WebSocketDisconnectException>(await thrown.Task.WaitAsync(EndpointApp.Limit));
        Assert.Equal((code, reason), (error.Code, error.Reason));
    }

    [Fact]
    public async Task A_cut_is_1006_and_no_error_in_the_log()
    {
        var thrown = new TaskCompletionSource<WebSocketDisconnectException>();
        await using var app = await StartAsync(async ws =>
        {
            try
            {
                await ws.ReceiveTextAsync();
            }
            catch (WebSocketDisconnectException error)
            {
                thrown.SetResult(error);
                throw;
            }
        });
        var ws = await app.ConnectAsync();
        ws.Abort();
        Assert.Equal(1006, (await thrown.Task.WaitAsync(EndpointApp.Limit)).Code);
        await ws.DisposeAsync();
        await app.App.StopAsync();
        Assert.Empty(app.Log.Errors);
    }

    [Fact]
    public async Task What_came_before_the_end_is_received()
    {
        var received = new TaskCompletionSource<List<string>>();
        var go = new TaskCompletionSource();
        await using var app = await StartAsync(async ws =>
        {
            await ws.AcceptAsync();
            await go.Task;
            var texts = new List<string>();
            while (await ws.ReceiveTextAsync() is { } text)
            {
                texts.Add(text);
            }

            received.SetResult(texts);
        });
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync("a");
        await ws.SendTextAsync("b");
        await ws.CloseAsync();
        await ws.ExpectCloseAsync(1000);
        go.SetResult();
        Assert.Equal(["a", "b"], await received.Task.WaitAsync(EndpointApp.Limit));
    }

    [Fact]
    public async Task A_handler_that_returns_says_goodbye()
    {
        await using var app = await StartAsync(_ => Task.CompletedTask);
        await using var ws = await app.ConnectAsync();
        Assert.Equal("Goodbye", await ws.ExpectCloseAsync(1000));
    }

    [Fact]
    public async Task A_handler_that_throws_is_1011_and_logged_with_its_connection()
    {
        await using var app = await StartAsync(async ws =>
        {
            await ws.SendTextAsync(ws.Id);
            throw new InvalidDataException("secret");
        });
        await using var ws = await app.ConnectAsync();
        var id = await ws.ReceiveTextAsync();
        Assert.DoesNotContain("secret", await ws.ExpectCloseAsync(1011), StringComparison.Ordinal);
        var entry = Assert.Single(app.Log.Errors);
        Assert.Equal(320, entry.Event.Id);
        Assert.IsType<InvalidDataException>(entry.Error);
        Assert.Contains($"connection {id} ", entry.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_throws_before_it_accepts_is_an_http_error()
    {
        await using var app = await EndpointApp.StartAsync(host, app =>
        {
            app.UseExceptionHandler(error => error.Run(context =>
            {
                context.Response.StatusCode = 500;
                return Task.CompletedTask;
            }));
            app.MapWebSocket("/ws", _ => throw new InvalidDataException());
        });
        var refused = await Assert.ThrowsAsync<WebSocketRefusedException>(() => app.ConnectAsync());
        Assert.Equal(500, refused.StatusCode);
        Assert.Equal(0, app.App.Services.GetRequiredService<ITidings>().Connections.Count);
    }

    [Fact]
    public async Task Another_connections_end_is_an_error_of_the_handler()
    {
        WebSocketConnection? first = null;
        var ended = new TaskCompletionSource();
        await using var app = await StartAsync(async ws =>
        {
            if (first is null)
            {
                first = ws;
                await ws.ReceiveTextAsync();
                ended.SetResult();
                return;
            }

            await ws.AcceptAsync();
            await ended.Task;
            await first.SendTextAsync("anyone?");
        });
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync("x");
        await ws.ExpectCloseAsync(1000);
        await using var other = await app.ConnectAsync();
        await other.ExpectCloseAsync(1011);
    }

    [Fact]
    public async Task A_stopping_server_ends_handlers_and_tells_clients()
    {
        var ended = new TaskCompletionSource<string?>();
        await using var app = await StartAsync(async ws => ended.SetResult(await ws.ReceiveTextAsync()));
        await using var ws = await app.ConnectAsync();
        var stopping = app.App.StopAsync();
        await ws.ExpectCloseAsync(1001);
        Assert.Null(await ended.Task.WaitAsync(EndpointApp.Limit));
        await stopping.WaitAsync(EndpointApp.Limit);
    }

    [Fact]
    public async Task A_handler_that_never_ends_does_not_hold_up_the_shutdown()
    {
        var time = new ManualTime();
        await using var app = await EndpointApp.StartAsync(
            host,
            app => app.MapWebSocket("/ws", async ws =>
            {
                await ws.AcceptAsync();
                await new TaskCompletionSource().Task;
            }),
            builder => builder.Services.AddSingleton<TimeProvider>(time));
        await using var ws = await app.ConnectAsync();
        var stopping = app.App.StopAsync();
        await ws.ExpectCloseAsync(1001);
        using var limit = new CancellationTokenSource(EndpointApp.Limit);
        while (!app.Log.Entries.Any(entry => entry.Event.Id == 321 && entry.Level == LogLevel.Warning))
        {
            limit.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await stopping.WaitAsync(EndpointApp.Limit);
    }

    [Fact]
    public async Task A_handler_that_throws_on_cancellation_has_only_ended()
    {
        var running = new TaskCompletionSource();
        await using var app = await StartAsync(async ws =>
        {
            await ws.AcceptAsync();
            running.SetResult();
            await new TaskCompletionSource().Task.WaitAsync(ws.Aborted);
        });
        await using var ws = await app.ConnectAsync();
        await running.Task.WaitAsync(EndpointApp.Limit);
        await ws.CloseAsync();
        await ws.ExpectCloseAsync(1000);
        await app.App.StopAsync();
        Assert.Empty(app.Log.Errors);
    }

    private Task<EndpointApp> StartAsync(Func<WebSocketConnection, Task> handler) =>
        EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", handler));
}

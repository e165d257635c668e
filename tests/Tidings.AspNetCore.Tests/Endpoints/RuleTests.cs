
namespace Tidings.AspNetCore.Tests.Endpoints;

/// <summary>Routes start neutral, and opt in to rules.</summary>
public abstract class RuleTests(HostKind host)
{
    public sealed class InMemory() : RuleTests(HostKind.Memory);

    public sealed class OverStreams() : RuleTests(HostKind.Streams);

    public sealed class OverLanes() : RuleTests(HostKind.Lanes);

    [Theory]
    [InlineData("""{"type":"ping"}""")]
    [InlineData("""{"type":"pong"}""")]
    [InlineData("""{"type":"quit"}""")]
    [InlineData("""{"type":"auth","token":"x"}""")]
    public async Task Nothing_is_intercepted(string text)
    {
        await using var app = await StartAsync(_ => { });
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync(text);
        Assert.Equal(text, await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task There_is_no_rate_limit_and_a_megabyte_fits()
    {
        await using var app = await StartAsync(_ => { });
        await using var ws = await app.ConnectAsync();
        for (var i = 0; i < 500; i++)
        {
            await ws.SendTextAsync("x");
        }

        var large = new string('x', 1024 * 1024);
        await ws.SendTextAsync(large);
        for (var i = 0; i < 500; i++)
        {
            Assert.Equal("x", await ws.ReceiveTextAsync());
        }

        Assert.Equal(large, await ws.ReceiveTextAsync());
        await ws.SendTextAsync(large + "x");
        await ws.ExpectCloseAsync(1009);
    }

    [Fact]
    public async Task Connections_of_one_address_are_counted()
    {
        await using var app = await EndpointApp.StartAsync(
            host,
            app => app.MapWebSocket("/ws", EchoAsync),
            builder => builder.Services.Configure<TidingsOptions>(options => options.Limits.ConnectionsPerIp = 1));
        await using (var first = await app.ConnectAsync())
        {
            await first.SendTextAsync("x");
            Assert.Equal("x", await first.ReceiveTextAsync());
            await using var second = await app.ConnectAsync();
            await second.ExpectCloseAsync(1008);
        }

        // The place is free as soon as the server has seen the end.
        using var limit = new CancellationTokenSource(EndpointApp.Limit);
        while (!await EchoesAsync(app))
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task Limits_of_a_group_hold()
    {
        var time = new ManualTime();
        await using var app = await EndpointApp.StartAsync(
            host,
            app => app.MapGroup("/g").WithLimits(limits =>
            {
                limits.MessageBytes = 10;
                limits.HardMessageBytes = 100;
                limits.MessagesPerSecond = 3;
            }).MapWebSocket("/ws", EchoAsync),
            builder => builder.Services.AddSingleton<TimeProvider>(time));
        await using var ws = await app.ConnectAsync("/g/ws");
        await ws.SendTextAsync("x");
        Assert.Equal("x", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("12345678901");
        Assert.Equal("""{"error":"Message too large"}""", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("y");
        Assert.Equal("y", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("z");
        Assert.Equal("""{"error":"Rate limit exceeded"}""", await ws.ReceiveTextAsync());
        time.Advance(TimeSpan.FromSeconds(1));
        await ws.SendTextAsync(new string('x', 101));
        await ws.ExpectCloseAsync(1009);
    }

    [Fact]
    public async Task A_text_heartbeat_is_seen_and_its_answer_kept_from_the_handler()
    {
        var time = new ManualTime();
        await using var app = await EndpointApp.StartAsync(
            host, app => app.MapWebSocket("/ws", EchoAsync).WithTextHeartbeat(), builder => builder.Services.AddSingleton<TimeProvider>(time));
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync("a");
        Assert.Equal("a", await ws.ReceiveTextAsync());
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("""{"type":"ping"}""", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("""{"type":"pong"}""");
        await ws.SendTextAsync("b");
        Assert.Equal("b", await ws.ReceiveTextAsync());
        await ws.SendTextAsync("""{"type":"ping"}""");
        Assert.Equal("""{"type":"pong"}""", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task Protocol_pings_are_neither_seen_nor_missed()
    {
        var time = new ManualTime();
        await using var app = await EndpointApp.StartAsync(
            host, app => app.MapWebSocket("/ws", EchoAsync), builder => builder.Services.AddSingleton<TimeProvider>(time));
        await using var ws = await app.ConnectAsync();
        for (var i = 0; i < 5; i++)
        {
            await ws.SendTextAsync($"{i}");
            Assert.Equal($"{i}", await ws.ReceiveTextAsync());
            time.Advance(TimeSpan.FromSeconds(30));
        }

        await ws.SendTextAsync("end");
        Assert.Equal("end", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_full_node_answers_503()
    {
        await using var app = await EndpointApp.StartAsync(
            host, app => app.MapWebSocket("/ws", EchoAsync), builder => builder.Services.AddTidings(options => options.Limits.Connections = 1));
        await using var ws = await app.ConnectAsync();
        var refused = await Assert.ThrowsAsync<WebSocketRefusedException>(() => app.ConnectAsync());
        Assert.Equal(503, refused.StatusCode);
    }

    [Fact]
    public async Task Connections_are_counted_and_listed()
    {
        await using var app = await EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", async ws =>
        {
            await ws.SendTextAsync(ws.Id);
            await ws.ReceiveTextAsync();
        }));
        var connections = app.App.Services.GetRequiredService<ITidings>().Connections;
        await using var a = await app.ConnectAsync();
        await using var b = await app.ConnectAsync();
        string[] ids = [await a.ReceiveTextAsync(), await b.ReceiveTextAsync()];
        Assert.Equal(2, connections.Count);
        Assert.Equal(ids.Order(), (await connections.ListAsync()).Select(connection => connection.Id).Order());
    }

    private static async Task EchoAsync(WebSocketConnection ws)
    {
        while (await ws.ReceiveTextAsync() is { } text)
        {
            await ws.SendTextAsync(text);
        }
    }

    private static async Task<bool> EchoesAsync(EndpointApp app)
    {
        await using var ws = await app.ConnectAsync();
        try
        {
            await ws.SendTextAsync("x");
            return await ws.ReceiveTextAsync() == "x";
        }
        catch (TestWebSocketException)
        {
            return false;
        }
    }

    private Task<EndpointApp> StartAsync(Action<EndpointLimits> limits) =>
        EndpointApp.StartAsync(host, app => app.MapWebSocket("/ws", EchoAsync).WithLimits(limits));
}

using System.Net;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class ShutdownRules(string pump) : ServerTests(pump)
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task What_is_queued_is_delivered_and_then_everybody_is_closed_with_1001()
    {
        const int Messages = 2_000;
        await using var server = await StartAsync();
        var sockets = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => server.ConnectSettledAsync("/ws/lobby")));
        for (var i = 0; i < Messages; i++)
        {
            await server.PublishAsync("lobby", $"{i} {new string('x', 200)}");
        }

        var stopping = server.StopAsync();
        foreach (var socket in sockets)
        {
            for (var i = 0; i < Messages; i++)
            {
                await socket.ExpectTextAsync($"[lobby] {i} {new string('x', 200)}");
            }

            await socket.ExpectCloseAsync(1001, "Shutting down");
            await socket.SendCloseAsync(1001);
            await socket.ExpectEofAsync();
            await socket.DisposeAsync();
        }

        await stopping;
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task While_it_stops_the_server_says_so_and_takes_nobody_new()
    {
        await using var server = await StartAsync(_time);
        await using var slow = await server.ConnectSettledAsync("/ws/lobby");
        var stopping = server.StopAsync();
        await slow.ExpectCloseAsync(1001, "Shutting down");
        using var ready = await server.Http.GetAsync("/readyz");
        using var alive = await server.Http.GetAsync("/healthz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        var refused = await server.HandshakeAsync("/ws/lobby");
        Assert.Equal(503, refused.Status);
        Assert.NotNull(refused.Header("Retry-After"));
        await slow.SendCloseAsync(1001);
        await slow.ExpectEofAsync();
        await stopping;
        Assert.DoesNotContain(server.Log, static line => line.Contains("HealthCheck", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_peer_that_neither_answers_nor_reads_holds_it_up_no_longer_than_the_bound()
    {
        await using var server = await StartAsync(_time);
        await using var mute = await server.ConnectSettledAsync("/ws/lobby");
        await using var deaf = await server.ConnectSettledAsync("/ws/lobby", new RawOptions { ReceiveBuffer = 4096 });
        await server.PublishAsync("lobby", new string('x', 900_000));
        var stopping = server.StopAsync();
        Assert.Equal(900_008, (await mute.ReceiveTextAsync()).Length);
        await mute.ExpectCloseAsync(1001, "Shutting down");
        Assert.False(stopping.IsCompleted);

        // Each lane tells its own connections, and counts from then.
        await Eventually.TrueAsync(() => server.Services.Node.Hub.Channels == 0, "both are told");
        _time.Advance(TimeSpan.FromSeconds(6));
        await stopping.WaitAsync(TimeSpan.FromSeconds(10));
        await mute.ExpectEndAsync();
    }

    [Fact]
    public async Task Stopping_at_once_after_a_storm_of_connects_closes_each_of_them()
    {
        await using var server = await StartAsync();
        var connecting = Enumerable.Range(0, 100).Select(_ => Task.Run(async () =>
        {
            try
            {
                return await server.ConnectAsync("/ws/lobby");
            }
            catch (Exception error) when (error is ExpectationException or System.Net.Sockets.SocketException)
            {
                // Refused while stopping, or after the listener has gone.
                return null;
            }
        })).ToList();
        await Eventually.TrueAsync(() => server.Registry.Count > 5, "some are connected");
        var stopping = server.StopAsync();
        foreach (var socket in await Task.WhenAll(connecting))
        {
            if (socket is not null)
            {
                await socket.ExpectCloseAsync(1001, "Shutting down");
                await socket.DisposeAsync();
            }
        }

        await stopping;
        Assert.Equal(0, server.Registry.Count);
    }
}

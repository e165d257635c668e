using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class SlowReaderRules(string pump) : ServerTests(pump)
{
    private const int Queue = 256 * 1024;
    private const int Size = 16 * 1024;

    // What the kernel takes for both ends, at most, before the queue begins to fill.
    private const int MostMessages = 64 * 1024 * 1024 / Size;

    private readonly ManualTime _time = new();

    [Fact]
    public async Task Who_stops_reading_is_closed_with_1013_and_the_others_lose_nothing()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:QueueBytes", "256KB"));
        await using var slow = await server.ConnectSettledAsync("/ws/lobby", new RawOptions { ReceiveBuffer = 4096 });
        await using var other = await server.ConnectSettledAsync("/ws/lobby");
        await OverwhelmAsync(server, other);
        await slow.ExpectCloseInTheEndAsync(1013, "Slow consumer");
        await slow.SendCloseAsync(1013);
        await slow.ExpectEofAsync();
        await slow.DisposeAsync();
        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        Assert.Equal(0, server.QueuedBytes);
    }

    [Fact]
    public async Task Who_never_reads_again_is_cut_after_the_bound_and_costs_nothing_then()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:QueueBytes", "256KB"));
        await using var slow = await server.ConnectSettledAsync("/ws/lobby", new RawOptions { ReceiveBuffer = 4096 });
        await using var other = await server.ConnectSettledAsync("/ws/lobby");
        await OverwhelmAsync(server, other);
        _time.Advance(TimeSpan.FromSeconds(6));
        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        Assert.Equal(0, server.QueuedBytes);
        await other.SendTextAsync("still here");
        await other.ExpectTextAsync("[lobby] still here");
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task Who_pauses_and_reads_on_within_the_bound_loses_nothing()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:QueueBytes", "64MB"));
        await using var slow = await server.ConnectSettledAsync("/ws/lobby", new RawOptions { ReceiveBuffer = 4096 });
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 600; i++)
            {
                await server.PublishAsync("lobby", Text(i));
            }

            await Eventually.TrueAsync(() => server.QueuedBytes > 0, "messages wait in the queue");
            for (var i = 0; i < 600; i++)
            {
                await slow.ExpectTextAsync("[lobby] " + Text(i));
            }
        }

        await slow.SendPingAsync("awake");
        await slow.ExpectPongAsync("awake");
    }

    [Fact]
    public async Task However_many_pings_come_from_one_that_does_not_read_one_pong_waits()
    {
        await using var server = await StartAsync(_time);
        await using var slow = await server.ConnectSettledAsync("/ws/echo", new RawOptions { ReceiveBuffer = 4096 });
        await slow.SendBinaryAsync(new byte[14 * 1024 * 1024]);
        for (var i = 0; i < 5_000; i++)
        {
            await slow.SendPingAsync($"{i}");
        }

        await slow.ExpectBinaryAsync(new byte[14 * 1024 * 1024]);
        var pongs = 0;
        while (true)
        {
            var pong = await slow.ReceiveAsync();
            Assert.Equal(RawFrame.PongOpcode, pong.Opcode);
            pongs++;
            if (pong.Text == "4999")
            {
                break;
            }
        }

        Assert.InRange(pongs, 1, 4_000);
    }

    // Each message has reached the other one before the next is sent, so that the other is never slow.
    private static async Task OverwhelmAsync(TestServer server, RawWebSocket other)
    {
        long most = 0;
        for (var i = 0; server.Hub.CountMembers("room:lobby") == 2; i++)
        {
            Assert.True(i < MostMessages, "the slow one was never closed");
            await server.PublishAsync("lobby", Text(i));
            await other.ExpectTextAsync("[lobby] " + Text(i));
            most = Math.Max(most, server.QueuedBytes);
        }

        // On a busy machine its lane may see all of it in one turn, and nobody a queue that fills.
        Assert.InRange(most, 0, Queue + (2 * Size));
    }

    private static string Text(int number) => $"{number} {new string('x', Size)}";
}

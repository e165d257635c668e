using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Many slow readers in one channel: their cost is bounded, and the others lose nothing.</summary>
public abstract class F13_SlowConsumers(string pump) : ServerTests(pump)
{
    private const int Slow = 20;
    private const int Healthy = 10;
    private const int Size = 32 * 1024;

    [Fact]
    public async Task A_third_that_reads_costs_nothing_to_two_thirds_that_do_not()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, ("Tidings:Limits:QueueBytes", "256KB"));
        var slow = await Task.WhenAll(Enumerable.Range(0, Slow).Select(_ => server.ConnectSettledAsync("/ws/lobby", new RawOptions { ReceiveBuffer = 4096 })));
        var healthy = await Task.WhenAll(Enumerable.Range(0, Healthy).Select(_ => server.ConnectSettledAsync("/ws/lobby")));
        long most = 0;
        for (var i = 0; server.Hub.CountMembers("room:lobby") > Healthy; i++)
        {
            Assert.True(i < 3_000, "the slow ones were never closed");
            var text = $"{i} {new string('x', Size)}";
            await server.PublishAsync("lobby", text);
            foreach (var socket in healthy)
            {
                await socket.ExpectTextAsync("[lobby] " + text);
            }

            most = Math.Max(most, server.QueuedBytes);
        }

        Assert.InRange(most, 1, Slow * (256L * 1024 + (2 * Size)));
        time.Advance(TimeSpan.FromSeconds(6));
        await Eventually.EqualAsync(Healthy, () => server.Registry.Count, "The number of connections");
        await Eventually.EqualAsync(0, () => server.QueuedBytes, "What waits in queues");
        foreach (var socket in slow.Concat(healthy))
        {
            await socket.DisposeAsync();
        }

        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }
}

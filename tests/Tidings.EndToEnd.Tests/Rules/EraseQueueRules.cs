using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Rules;

/// <summary>What was erased is in no queue for longer than a minute.</summary>
public abstract class EraseQueueRules(string pump) : ServerTests(pump)
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Who_does_not_read_what_waited_when_something_was_erased_is_closed_and_others_are_not()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:QueueBytes", "64MB"), ("Tidings:Heartbeat:Interval", "0"));
        await using var slow = await server.ConnectSettledAsync("/ws/lobby", new RawOptions { ReceiveBuffer = 4096 });
        await using var other = await server.ConnectSettledAsync("/ws/lobby");
        var text = new string('x', 16 * 1024);
        while (server.QueuedBytes < 1024 * 1024)
        {
            await server.PublishAsync("lobby", text);
            await other.ExpectTextAsync($"[lobby] {text}");
        }

        var top = (await server.Services.Node.Broker.ReadAsync("room:lobby", new Brokers.HistoryRequest(null, 0))).Top;
        Assert.Equal(1, await server.Services.Node.Broker.EraseAsync("room:lobby", top));
        Assert.Equal(2, server.Registry.Count);

        // The steps wait for each other on threads of their own.
        for (var i = 0; i < 400 && server.Registry.Count > 1; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20);
        }

        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        Assert.Equal(0, server.QueuedBytes);
        await other.SendTextAsync("still here");
        await other.ExpectTextAsync("[lobby] still here");
    }
}

using System.Collections.Concurrent;
using TestKit;
using Tidings.Client.Tests.World;
using Tidings.Protocol;

namespace Tidings.Client.Tests.EndToEnd;

/// <summary>
/// The server restarts as its clients see it: all are closed with 1001, for two seconds nobody listens, then it is back with its log. Its
/// clients must come back spread out, and have every message.
/// </summary>
public sealed class RestartTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Down = TimeSpan.FromSeconds(2);

    [Fact]
    public Task A_hundred_clients_in_time_that_passes_ten_times_as_fast_have_every_message() => RestartAsync(100, factor: 10);

    /// <summary>Takes forty seconds and all of the machine: run by hand.</summary>
    [Fact(Explicit = true)]
    public async Task A_thousand_clients_are_back_within_thirty_five_seconds_and_never_a_tenth_in_one()
    {
        var back = await RestartAsync(1000, factor: 1);
        var peak = back.Max(second => back.Count(other => other >= second && other < second + TimeSpan.FromSeconds(1)));
        output.WriteLine($"1,000 clients: the last was back after {back.Max().TotalSeconds:0.0} s, at most {peak} within one second.");
        Assert.InRange(back.Max(), TimeSpan.Zero, TimeSpan.FromSeconds(35));
        Assert.InRange(peak, 0, 99);
    }

    private static async Task<IReadOnlyList<TimeSpan>> RestartAsync(int count, int factor)
    {
        await using var world = await ClientServer.StartAsync(("Tidings:Heartbeat:Interval", "0"));
        var time = new FastTime(factor);
        var back = new ConcurrentQueue<TimeSpan>();
        long down = 0;
        var clients = new List<TidingsClient>(count);
        var readers = new List<Reader>(count);
        for (var i = 0; i < count; i++)
        {
            var client = world.Client(new TidingsClientOptions { TimeProvider = time, Transports = [ClientTransport.WebSocket] }, new Random(i + 1).NextDouble);
            client.StateChanged += change =>
            {
                if (change.State == ClientState.Connected && Volatile.Read(ref down) is var since and > 0)
                {
                    back.Enqueue(time.GetElapsedTime(since));
                }
            };
            clients.Add(client);
            var room = client.Subscribe("chat:lobby");
            readers.Add(new Reader(room));
            await room.WaitAsync().WaitAsync(Eventually.Limit);
        }

        await world.PublishAsync("chat:lobby", 1, 10);
        foreach (var reader in readers)
        {
            await reader.ExpectAsync(10);
        }

        var connections = clients.ConvertAll(static client => client.Connection!);
        await world.Proxy.StopListeningAsync();
        Volatile.Write(ref down, time.GetTimestamp());
        foreach (var connection in connections)
        {
            await world.Server.Services.Node.Facade.DisconnectAsync(connection, DisconnectCode.ShuttingDown);
        }

        await Eventually.EqualAsync(0, () => world.Proxy.Count, "Connections");
        await world.PublishAsync("chat:lobby", 11, 60);
        await Task.Delay(Down, time, CancellationToken.None);
        world.Proxy.Listen();
        await Eventually.EqualAsync(count, () => back.Count, "Clients that are back", TimeSpan.FromSeconds(60));
        await world.PublishAsync("chat:lobby", 61, 62);
        foreach (var reader in readers)
        {
            await reader.ExpectAsync(62);
        }

        return [.. back];
    }
}

using Microsoft.Extensions.DependencyInjection;
using TestKit;
using Tidings.Conformance.Tests.Client;
using Tidings.Conformance.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.Conformance.Tests.BadInput;

/// <summary>B11: a message in fragments of one byte that never ends.</summary>
[Collection(Alone.Name)]
public abstract class B11_Fragments(string pump)
{
    private const int Fragments = 131_000;
    private const int Peers = 50;

    // What a transport keeps of a connection that is being read; Kestrel reads up to a megabyte ahead of us.
    private readonly int _buffers = pump == Pump.Lanes ? 64 * 1024 : 1024 * 1024;

    [Theory]
    [InlineData("/ws/echo", Fragments)]
    [InlineData("/ws/lobby", 64 * 1024)]
    public async Task Tiny_fragments_cost_no_more_than_twice_their_bytes(string path, int limit)
    {
        var time = new ManualTime();
        await using var server = await TestServer.StartAsync(
            pump, builder => builder.Services.AddSingleton<TimeProvider>(time), settings: [("Tidings:Limits:Preset", "default"), ("Tidings:Limits:MessagesPerSecond", "0")]);
        await using var pair = await ControlPair.StartAsync(server.Port);
        var clients = new List<WireClient>();
        for (var i = 0; i < Peers; i++)
        {
            clients.Add(await WireClient.OpenAsync(server.Port, path: path));
        }

        var fragments = new byte[7 * Fragments];
        for (var i = 0; i < Fragments; i++)
        {
            WireFrame.Encode(i == 0 ? WireFrame.Text : WireFrame.Continuation, "a"u8, final: false).CopyTo(fragments, 7 * i);
        }

        var peak = await MemoryPeak.OfAsync(() => Parallel.ForEachAsync(clients, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (client, _) =>
        {
            await client.SendAsync(fragments);
            await client.SendAsync(WireFrame.Encode(WireFrame.Ping, "all there"u8));
            await client.ExpectPongAsync("all there"u8.ToArray());
        }));
        Assert.True(peak <= Peers * ((2L * limit) + _buffers), $"{peak / Peers} bytes for each peer");
        await pair.ExpectUnharmedAsync();

        // Ten seconds without another byte of it, and the message is given up.
        time.Advance(TimeSpan.FromSeconds(11));
        foreach (var client in clients)
        {
            await client.ExpectFailureAsync(1001);
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Fragments_over_the_hard_limit_are_1009_before_they_are_stored()
    {
        await using var server = await TestServer.StartAsync(pump, settings: ("Tidings:Limits:Preset", "small"));
        await using var pair = await ControlPair.StartAsync(server.Port);
        await using var client = await WireClient.OpenAsync(server.Port, path: "/ws/lobby");
        var fragment = WireFrame.Encode(WireFrame.Continuation, new byte[1000], final: false);
        await client.SendAsync([WireFrame.Encode(WireFrame.Text, [], final: false), .. Enumerable.Repeat(fragment, 100)]);
        await client.ExpectFailureAsync(1009);
        await pair.DisposeAsync();
    }
}

public sealed class B11OnLanes() : B11_Fragments(Pump.Lanes);

public sealed class B11OnStreams() : B11_Fragments(Pump.Streams);

using TestKit;
using Tidings.Conformance.Tests.Infrastructure;

namespace Tidings.Conformance.Tests.Transport;

/// <summary>A server that has stopped holds no socket, however far a peer had come.</summary>
[Collection(Alone.Name)]
public abstract class Stopping(string pump)
{
    private const int Peers = 10;

    [Fact]
    public async Task No_descriptor_is_left()
    {
        await CycleAsync();
        await CycleAsync();
        var (before, kinds) = (Descriptors.Count, Descriptors.Kinds);
        await CycleAsync();
        await Descriptors.ExpectAtMostAsync(before, kinds);
    }

    private async Task CycleAsync()
    {
        var server = await TestServer.StartAsync(pump, settings: ("Tidings:Drain", "500ms"));
        var peers = new List<RawTcp>();
        var head = RawHead.Upgrade("/ws/lobby");
        for (var i = 0; i < Peers; i++)
        {
            peers.Add(await RawTcp.ConnectAsync(server.Port));
            await peers[^1].SendAsync(head[..(head.Length / 2)]);

            // Never answers the close frame.
            peers.Add(await RawTcp.ConnectAsync(server.Port));
            await peers[^1].SendAsync(head);
            await peers[^1].ExpectStatusAsync(101);
        }

        await server.DisposeAsync();
        foreach (var peer in peers)
        {
            await peer.ExpectEndAsync();
            await peer.DisposeAsync();
        }
    }
}

public sealed class StoppingOnLanes() : Stopping(Pump.Lanes);

public sealed class StoppingOnStreams() : Stopping(Pump.Streams);

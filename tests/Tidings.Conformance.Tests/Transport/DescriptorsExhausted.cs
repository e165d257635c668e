using System.Diagnostics;
using TestKit;
using Tidings.Conformance.Tests.Infrastructure;

namespace Tidings.Conformance.Tests.Transport;

/// <summary>A process without a descriptor left (EMFILE) keeps its connections, does not spin, and recovers.</summary>
[Collection(Alone.Name)]
public abstract class DescriptorsExhausted(string pump)
{
    // The runtime itself has some 260 open, most of them its assemblies.
    private const int OpenFiles = 340;
    private const int Peers = 400;

    [Fact]
    public async Task The_server_goes_on_and_recovers()
    {
        await using var server = await ServerProcess.StartAsync(pump, OpenFiles);
        await using var first = await RawWebSocket.ConnectAsync(server.Port, "/ws/echo");
        await EchoAsync(first, "before");
        var idle = server.Descriptors;

        var crowd = new List<RawTcp>();
        for (var i = 0; i < Peers; i++)
        {
            // The kernel accepts for the server, so that each connects.
            crowd.Add(await RawTcp.ConnectAsync(server.Port));
            await crowd[^1].SendAsync(RawHead.Upgrade());
        }

        await Eventually.TrueAsync(() => server.Descriptors >= OpenFiles - 40 && server.Output.Any(line => line.Contains("errno 24", StringComparison.Ordinal)), "all descriptors in use");
        await EchoAsync(first, "meanwhile");
        var (clock, before) = (Stopwatch.StartNew(), server.ProcessorTime);
        await Eventually.TrueAsync(() => clock.Elapsed > TimeSpan.FromSeconds(1), "a second");
        Assert.True(server.ProcessorTime - before < TimeSpan.FromMilliseconds(400), $"{(server.ProcessorTime - before).TotalMilliseconds} ms of CPU in a second of waiting");

        foreach (var tcp in crowd)
        {
            await tcp.DisposeAsync();
        }

        await using var last = await RawWebSocket.ConnectAsync(server.Port, "/ws/echo");
        await EchoAsync(last, "after");
        await EchoAsync(first, "still");
        await Eventually.TrueAsync(() => server.Descriptors <= idle + 3, "descriptors back at idle");
        Assert.Single(server.Output, line => line.Contains("errno 24", StringComparison.Ordinal));
    }

    private static async Task EchoAsync(RawWebSocket socket, string text)
    {
        await socket.SendTextAsync(text);
        await socket.ExpectTextAsync(text);
    }
}

public sealed class DescriptorsExhaustedOnLanes() : DescriptorsExhausted(Pump.Lanes);

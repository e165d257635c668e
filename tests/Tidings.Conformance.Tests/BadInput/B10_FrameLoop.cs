using TestKit;
using Tidings.Conformance.Tests.Client;
using Tidings.Conformance.Tests.Infrastructure;

namespace Tidings.Conformance.Tests.BadInput;

/// <summary>B10: frames that made .NET's own reader loop for ever. Ours is another, but the runtime below it must be mended too.</summary>
[Collection(Alone.Name)]
public abstract class B10_FrameLoop(string pump)
{
    // In FrameReaderTarget a million such headers take seconds; here each has a connection.
    private const int Peers = 1_000;

    [Fact]
    public void The_runtime_is_one_that_is_mended() => Assert.True(Environment.Version >= new Version(10, 0, 11), $".NET {Environment.Version}");

    [Fact]
    public async Task No_mutated_header_keeps_the_server_busy()
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var pair = await ControlPair.StartAsync(server.Port);
        var seed = Environment.TickCount;
        await Parallel.ForAsync(0, Peers, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            var random = new Random(seed + i);
            await using var client = await WireClient.OpenAsync(server.Port, i % 2 == 0 ? "permessage-deflate" : null);
            var header = new byte[random.Next(2, 15)];
            random.NextBytes(header);
            await client.SendAsync(header);
            if (header[0] >= 0x90 && header[1] < 0x80)
            {
                await ExpectCloseAsync(client, seed + i);
            }
        });
        await pair.ExpectUnharmedAsync();
        await pair.DisposeAsync();
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task After_bad_frames_the_processor_is_idle()
    {
        await using var server = await ServerProcess.StartAsync(pump, openFiles: 1024);
        await using var pair = await ControlPair.StartAsync(server.Port);
        var clients = new List<WireClient>();
        byte[][] bad = [[0x81, 0x05], [0xFF, 0xFF], [0x82, .. Enumerable.Repeat((byte)0xFF, 9), 0, 0, 0, 0], [0x80, 0x80], [0x0A, 0xFE]];
        for (var i = 0; i < 50; i++)
        {
            var client = await WireClient.OpenAsync(server.Port);
            clients.Add(client);
            await client.SendAsync(bad[i % bad.Length]);
        }

        foreach (var client in clients)
        {
            await ExpectCloseAsync(client, 0);
        }

        await pair.ExpectUnharmedAsync();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var last = (Clock: clock.Elapsed, Cpu: server.ProcessorTime);
        await Eventually.TrueAsync(
            () =>
            {
                var now = (Clock: clock.Elapsed, Cpu: server.ProcessorTime);
                if (now.Clock - last.Clock < TimeSpan.FromMilliseconds(400))
                {
                    return false;
                }

                var idle = now.Cpu - last.Cpu <= 0.05 * (now.Clock - last.Clock);
                last = now;
                return idle;
            },
            "a processor that is under 5 %");
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    private static async Task ExpectCloseAsync(WireClient client, int seed)
    {
        var frame = await client.ReceiveAsync();
        Assert.True(frame?.Opcode == WireFrame.Close, $"seed {seed}: {frame}");
        Assert.True(frame.Payload is [0x03, 0xEA or 0xEB or 0xEF or 0xF1, ..], $"seed {seed}: {frame}");
    }
}

public sealed class B10OnLanes() : B10_FrameLoop(Pump.Lanes);

public sealed class B10OnStreams() : B10_FrameLoop(Pump.Streams);

using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Frames with bits turned over, as CVE-2021-26423 and CVE-2026-62901, which kept a core busy.</summary>
public abstract class B10_MutatedFrames(string pump) : ServerTests(pump)
{
    private static readonly int?[] Documented = [1000, 1002, 1003, 1007, 1008, 1009];

    [Fact]
    public async Task Each_connection_goes_on_or_ends_with_a_documented_code()
    {
        const int Connections = 600;
        await using var server = await StartAsync(("Tidings:Limits:Preset", "default"), ("Tidings:Limits:ConnectionsPerIp", "0"), ("Tidings:Limits:MessagesPerSecond", "100000"), ("Tidings:Limits:MessageBurst", "100000"));
        await using var control = await ControlPair.StartAsync(server.Port);
        await Parallel.ForAsync(0, Connections, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (seed, _) =>
        {
            try
            {
                await AttackAsync(server, new Random(seed));
            }
            catch (Exception error)
            {
                throw new ExpectationException($"With seed {seed}: {error.Message}", error);
            }
        });
        await Eventually.EqualAsync(2, () => server.Registry.Count, "The number of connections");
        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }

    private static async Task AttackAsync(TestServer server, Random random)
    {
        await using var socket = await server.ConnectAsync(random.Next(2) == 0 ? "/ws" : "/ws/victims");
        var bytes = Enumerable.Range(0, 20).SelectMany(_ => Mutated(random)).ToArray();
        await socket.Tcp.TrySendAsync(bytes);
        socket.Tcp.HalfClose();
        while (await socket.TryReceiveAsync() is { } frame)
        {
            Assert.False(frame.Masked);
            Assert.Equal(0, frame.Reserved);
            if (frame.Opcode == RawFrame.CloseOpcode)
            {
                Assert.Contains(RawWebSocket.CodeOf(frame), Documented.Append(null));
            }
        }
    }

    private static byte[] Mutated(Random random)
    {
        var payload = new byte[random.Next(200)];
        Array.Fill(payload, (byte)'a');
        var opcode = new[] { 0, 1, 2, 9, 10 }[random.Next(5)];
        var bytes = new RawFrame(opcode, payload) { Final = random.Next(4) != 0 }.ToBytes((uint)random.Next());
        if (random.Next(10) == 0)
        {
            bytes[random.Next(Math.Min(14, bytes.Length))] ^= (byte)(1 << random.Next(8));
        }

        return bytes;
    }
}

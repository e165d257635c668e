using System.Buffers;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>What others said must not show up in what one receives, as CVE-2026-45736.</summary>
public abstract class B23_StaleMemory(string pump) : ServerTests(pump)
{
    private const byte Poison = 0xA5;

    [Fact]
    public async Task Nothing_of_a_pooled_buffer_that_was_used_before_is_sent()
    {
        await using var server = await StartAsync(("Tidings:Limits:MessageBytes", "100KB"));
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(PoisonPool)));
        await Parallel.ForAsync(0, 40, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (seed, _) => await TalkAsync(server, new Random(seed)));
    }

    private static async Task TalkAsync(TestServer server, Random random)
    {
        await using var socket = await server.ConnectAsync(random.Next(2) == 0 ? "/ws" : "/ws/echo");
        for (var i = 0; i < 12; i++)
        {
            var bytes = new byte[random.Next(1, 1 << random.Next(1, 17))];
            Array.Fill(bytes, (byte)'a');
            var cut = random.Next(bytes.Length);
            await socket.SendTogetherAsync(
                new RawFrame(RawFrame.BinaryOpcode, bytes[..cut]) { Final = false },
                RawFrame.Ping(bytes[..Math.Min(cut, 125)]),
                new RawFrame(RawFrame.Continuation, bytes[cut..]));
            PoisonPool();
        }

        await socket.SendCloseAsync();
        RawFrame frame;
        do
        {
            frame = await socket.ReceiveAsync();
            Assert.DoesNotContain(Poison, frame.Payload);
        }
        while (frame.Opcode != RawFrame.CloseOpcode);
    }

    private static void PoisonPool()
    {
        for (var size = 16; size <= 256 * 1024; size *= 2)
        {
            var arrays = Enumerable.Range(0, 4).Select(_ => ArrayPool<byte>.Shared.Rent(size)).ToList();
            foreach (var array in arrays)
            {
                Array.Fill(array, Poison);
                ArrayPool<byte>.Shared.Return(array);
            }
        }
    }
}

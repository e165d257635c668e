using System.Buffers;
using Tidings.Fuzz;
using Tidings.Protocol.Frames;

namespace Tidings.Protocol.Tests.Frames;

/// <summary>Properties over random streams. A failure prints its seed: put it in place of <see cref="Seed"/> to see it again.</summary>
public class RandomStreams
{
    private static readonly int Seed = Environment.TickCount;

    [Fact]
    public void Random_messages_in_random_fragments_and_cuttings_are_read_as_they_were_sent()
    {
        PoisonPool();
        for (var round = 0; round < 2000; round++)
        {
            var random = new Random(Seed + round);
            var fromClient = random.Next(4) != 0;
            var stream = new RandomStream(random, fromClient);
            var seen = new Reading(fromClient).MessagesOf(RandomStream.Cut(stream.Wire, random));
            Assert.True(stream.Expected == seen, $"seed {Seed + round}\nsent {stream.Expected}\nread {seen}");
        }
    }

    [Fact]
    public void A_mutated_stream_is_read_or_refused_alike_in_every_cutting()
    {
        // Little enough of a limit to be passed often.
        var rules = new MessageRules(500, 2000, Text: true, Binary: true);
        var refused = 0;
        for (var round = 0; round < 3000; round++)
        {
            var random = new Random(Seed + round);
            var reading = new Reading(random.Next(4) != 0, random.Next(3) == 0) { Rules = rules };
            var wire = new RandomStream(random, reading.FromClient).Wire;
            wire = new Mutator(random, [], 1 << 20).Mutate(wire, wire);

            var whole = reading.MessagesOf([wire]);
            var pieces = reading.MessagesOf(RandomStream.Cut(wire, random));
            Assert.True(whole == pieces, $"seed {Seed + round}: {Convert.ToHexString(wire)}\nwhole {whole}\ncut {pieces}");
            refused += whole.Contains("error") ? 1 : 0;
        }

        Assert.InRange(refused, 100, 2999);
    }

    [Fact]
    public void A_million_random_headers_are_taken_or_refused_and_take_no_memory()
    {
        var random = new Random(Seed);
        var header = new byte[14];
        var kinds = new int[Enum.GetValues<MessageEventKind>().Length];
        var rules = new MessageRules(1 << 16, 1 << 20, Text: true, Binary: true);
        for (var round = 0; round < 1_000_000; round++)
        {
            random.NextBytes(header);
            if ((round & 1) != 0)
            {
                // Half of them begin well, so that lengths are judged too.
                header[0] = (byte)(0x80 | (round % 11));
                header[1] |= 0xFC;
            }

            var reader = new MessageReader(true, false);
            var input = header.AsSpan();
            MessageEventKind kind;
            do
            {
                kind = reader.Read(ref input, rules).Kind;
                kinds[(int)kind]++;
                if (reader.BufferedBytes > 256)
                {
                    Assert.Fail($"seed {Seed}: {reader.BufferedBytes} bytes for {Convert.ToHexString(header)}");
                }
            }
            while (kind is not (MessageEventKind.NeedMore or MessageEventKind.Error));

            reader.Release();
        }

        Assert.True(kinds[(int)MessageEventKind.NeedMore] > 1000 && kinds[(int)MessageEventKind.Error] > 1000, $"seed {Seed}: {string.Join(' ', kinds)}");
    }

    // So that a byte of a rented buffer that was never written shows as one (B23).
    private static void PoisonPool()
    {
        for (var size = 16; size <= 1 << 17; size *= 2)
        {
            var rented = Enumerable.Range(0, 4).Select(_ => ArrayPool<byte>.Shared.Rent(size)).ToList();
            foreach (var buffer in rented)
            {
                buffer.AsSpan().Fill(0xA5);
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}

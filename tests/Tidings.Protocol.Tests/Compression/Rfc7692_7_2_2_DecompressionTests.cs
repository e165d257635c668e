using System.Buffers;
using System.IO.Compression;
using Tidings.Protocol.Compression;

namespace Tidings.Protocol.Tests.Compression;

/// <summary>What the inflater makes of payloads that are too long, cut off, changed, or no DEFLATE at all.</summary>
public sealed class Rfc7692_7_2_2_DecompressionTests
{
    [Fact]
    public void Vectors_of_other_implementations_inflate()
    {
        foreach (var (name, message, payload) in Vector.All)
        {
            var (result, bytes) = Inflated.Of(payload, maxBytes: message.Length);

            Assert.True(result == InflateResult.Ok && message.AsSpan().SequenceEqual(bytes), name);
            Assert.True(message.Length == 0 || Inflated.Of(payload, message.Length - 1).Result == InflateResult.TooLarge, name);
        }
    }

    /// <summary>
    /// A payload cut off is corrupt, unless the cut is where its sender flushed or ended a stream, or leaves the one byte 00:
    /// what stands before such a place is a whole message.
    /// </summary>
    [Fact]
    public void Truncated_at_every_byte_is_corrupt()
    {
        foreach (var (name, message, payload) in Vector.All)
        {
            for (int cut = 1; cut < payload.Length; cut++)
            {
                var (result, bytes) = Inflated.Of(payload.AsSpan(0, cut));
                bool flushed = payload.AsSpan(cut).StartsWith((ReadOnlySpan<byte>)[0x00, 0x00, 0xFF, 0xFF]);
                bool ended = (name.Contains("final block", StringComparison.Ordinal) && cut == payload.Length - 1)
                    || (name.Contains("two final blocks", StringComparison.Ordinal) && cut == payload.Length / 2);
                bool empty = cut == 1 && payload[0] == 0;
                Assert.True(result == (flushed || ended || empty ? InflateResult.Ok : InflateResult.Corrupt), $"{name}, cut at {cut} of {payload.Length}: {result}");
                Assert.True(message.AsSpan().StartsWith(bytes), $"{name}, cut at {cut}");
            }
        }
    }

    /// <summary>Cuts around the ends of the source's reads, where the last bytes come singly.</summary>
    [Fact]
    public void Truncated_long_payloads_are_corrupt()
    {
        byte[] payload = Inflated.Deflate(Rfc7692_7_2_1_CompressionTests.Json(200_000), level: 1)!;
        for (int cut = 2000; cut < Math.Min(payload.Length, 10_000); cut += cut % 2048 is > 2040 or < 8 ? 1 : 97)
        {
            Assert.True(Inflated.Of(payload.AsSpan(0, cut)).Result == InflateResult.Corrupt, $"cut at {cut}");
        }
    }

    /// <summary>A sender that left the tail on, which §7.2.1 says to remove, sends the beginning of another block.</summary>
    [Fact]
    public void A_tail_left_on_is_corrupt() =>
        Assert.Equal(InflateResult.Corrupt, Inflated.Of(Convert.FromHexString("F248CDC9C907000000FFFF")).Result);

    [Fact]
    public void An_empty_payload_is_an_empty_message() => Assert.Equal((InflateResult.Ok, []), Inflated.Of([], maxBytes: 0));

    [Fact]
    public void A_limit_of_nothing_lets_nothing_through()
    {
        Assert.Equal(InflateResult.Ok, Inflated.Of([0x00], maxBytes: 0).Result);
        Assert.Equal(InflateResult.TooLarge, Inflated.Of([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], maxBytes: 0).Result);
    }

    /// <summary>1 MB that inflates to 1,000 MB; the runs that a fresh pool has to allocate for are counted too.</summary>
    [Theory]
    [InlineData(4096)]
    [InlineData(65536)]
    [InlineData(1 << 20)]
    public void A_bomb_stops_at_the_limit(int limit)
    {
        byte[] bomb = Bomb(megabytes: 1000);
        Assert.InRange(bomb.Length, 500_000, 1_100_000);
        for (int run = 0; run < 3; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var result = MessageInflater.Inflate(bomb, InflateBounds.Of(limit), out byte[] rented, out int length);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

            Assert.Equal(InflateResult.TooLarge, result);
            Assert.Equal((0, 0), (rented.Length, length));
            Assert.InRange(allocated, 0, limit + limit / 4 + 16384); // the rest of an allocation context included
        }
    }

    [Fact]
    public void A_bomb_in_final_blocks_stops_at_the_limit()
    {
        using var output = new MemoryStream();
        for (int block = 0; block < 4; block++)
        {
            using var stream = new DeflateStream(output, CompressionLevel.SmallestSize, leaveOpen: true);
            stream.Write(new byte[100_000]);
        }

        output.WriteByte(0);
        Assert.Equal(400_000, Inflated.Of(output.ToArray(), 400_000).Message.Length);
        Assert.Equal(InflateResult.TooLarge, Inflated.Of(output.ToArray(), 399_999).Result);
        Assert.Equal(InflateResult.TooLarge, Inflated.Of(output.ToArray(), 100_000).Result);
    }

    /// <summary>Changed payloads inflate to something, or don't; they never throw, and never go over the limit.</summary>
    [Fact]
    public void Flipped_bits_give_a_result()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("TIDINGS_SEED"), out int given) ? given : 0x7692;
        TestContext.Current.TestOutputHelper?.WriteLine($"TIDINGS_SEED={seed}");
        var random = new Random(seed);
        var seen = new int[3];
        for (int round = 0; round < 5000; round++)
        {
            var (name, message, payload) = Vector.All[random.Next(Vector.All.Count)];
            byte[] changed = [.. payload];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
            }

            int limit = random.Next(2 * message.Length + 1);
            var exception = Record.Exception(() =>
            {
                var (result, bytes) = Inflated.Of(changed, limit);
                Assert.True(bytes.Length <= limit);
                seen[(int)result]++;
            });
            Assert.True(exception is null, $"TIDINGS_SEED={seed}, round {round}, {name}: {exception}");
        }

        Assert.DoesNotContain(0, seen);
    }

    [Fact]
    public void Random_bytes_give_a_result()
    {
        const int Seed = 0x1951;
        var random = new Random(Seed);
        for (int round = 0; round < 5000; round++)
        {
            byte[] noise = new byte[random.Next(1, 200)];
            random.NextBytes(noise);
            var exception = Record.Exception(() => Inflated.Of(noise, 1000));
            Assert.True(exception is null, $"seed {Seed}, round {round}: {exception}");
        }
    }

    [Fact]
    public void Inflating_allocates_a_few_small_objects_and_keeps_none()
    {
        byte[] payload = Inflated.Deflate(Rfc7692_7_2_1_CompressionTests.Json(16384))!;

        long allocated = Allocation.Of(() =>
        {
            Assert.Equal(InflateResult.Ok, MessageInflater.Inflate(payload, InflateBounds.Of(65536), out byte[] rented, out _));
            ArrayPool<byte>.Shared.Return(rented);
        });

        Assert.InRange(allocated, 1, 1024);
    }

    [Fact]
    public void A_small_message_holds_a_small_array_whatever_its_limit()
    {
        Assert.Equal(InflateResult.Ok, MessageInflater.Inflate([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], InflateBounds.Of(1 << 20), out byte[] rented, out _));

        Assert.InRange(rented.Length, 5, 256);
        ArrayPool<byte>.Shared.Return(rented);
    }

    private static byte[] Bomb(int megabytes)
    {
        using var output = new MemoryStream();
        using var stream = new DeflateStream(output, CompressionLevel.Optimal);
        for (int i = 0; i < megabytes; i++)
        {
            stream.Write(new byte[1_000_000]);
        }

        stream.Flush();
        return output.ToArray()[..^4];
    }
}

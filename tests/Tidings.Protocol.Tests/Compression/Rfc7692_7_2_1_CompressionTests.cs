using System.Globalization;
using System.Text;
using Tidings.Protocol.Compression;

namespace Tidings.Protocol.Tests.Compression;

/// <summary>What the deflater makes, and when it makes nothing.</summary>
public sealed class Rfc7692_7_2_1_CompressionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(9)]
    public void Compressible_messages_of_any_size_come_back(int level)
    {
        foreach (int size in new[] { 100, 125, 126, 127, 1000, 4096, 65535, 65536, 65537, 1 << 20 })
        {
            byte[] message = Json(size);
            byte[]? payload = Inflated.Deflate(message, level);

            Assert.NotNull(payload);
            Assert.True(payload.Length < size);
            var (result, bytes) = Inflated.Of(payload, maxBytes: size);
            Assert.Equal(InflateResult.Ok, result);
            Assert.True(message.AsSpan().SequenceEqual(bytes), $"size {size}, level {level}");
            Assert.Equal(InflateResult.TooLarge, Inflated.Of(payload, maxBytes: size - 1).Result);
        }
    }

    [Fact]
    public void Random_sizes_and_levels_come_back()
    {
        const int Seed = 7692;
        var random = new Random(Seed);
        for (int round = 0; round < 2000; round++)
        {
            byte[] message = Json(random.Next(round % 50 == 0 ? 200_000 : 3000));
            random.NextBytes(message.AsSpan(0, random.Next(Math.Min(message.Length, 100) + 1)));
            int level = random.Next(1, 10);
            if (Inflated.Deflate(message, level) is { } payload)
            {
                var (result, bytes) = Inflated.Of(payload, maxBytes: message.Length + random.Next(2) * random.Next(100_000));
                Assert.True(result == InflateResult.Ok && message.AsSpan().SequenceEqual(bytes), $"seed {Seed}, round {round}, level {level}");
            }
        }
    }

    /// <summary>Neither the tail nor the block with BFINAL that disposing of a stream writes is part of the payload.</summary>
    [Fact]
    public void The_payload_ends_where_the_tail_begins()
    {
        byte[]? payload = Inflated.Deflate("HelloHelloHelloHelloHelloHello"u8, level: 1);

        Assert.NotNull(payload);
        Assert.Equal(0x00, payload[^1]);
        Assert.NotEqual([0x00, 0x00, 0xFF, 0xFF], payload[^4..]);
        Assert.Equal(0, payload[0] & 1);
        Assert.Equal(InflateResult.Ok, Inflated.Of(payload).Result);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65536)]
    [InlineData(1 << 20)]
    public void What_does_not_shrink_is_left_as_it_is(int size)
    {
        byte[] message = new byte[size];
        new Random(size).NextBytes(message);

        Assert.Null(Inflated.Deflate(message, level: 1));
        Assert.Null(Inflated.Deflate(message, level: 9));
    }

    [Fact]
    public void A_payload_is_shorter_than_its_message_or_there_is_none()
    {
        for (int size = 0; size < 200; size++)
        {
            byte[] message = Encoding.ASCII.GetBytes(new string('a', size));
            if (Inflated.Deflate(message, level: 6) is { } payload)
            {
                Assert.True(payload.Length < size);
                Assert.Equal(message, Inflated.Of(payload).Message);
            }
            else
            {
                Assert.True(size < 10, $"{size} equal letters are left as they are");
            }
        }
    }

    [Fact]
    public void Messages_below_the_threshold_are_left_as_they_are()
    {
        Assert.Null(Inflated.Deflate(Json(299), threshold: 300));
        Assert.NotNull(Inflated.Deflate(Json(300), threshold: 300));
    }

    [Fact]
    public void A_destination_is_never_written_beyond_what_was_asked_for()
    {
        byte[] message = Json(5000);
        int wanted = MessageDeflater.DestinationLength(message.Length);
        byte[] destination = new byte[wanted + 100];
        Array.Fill(destination, (byte)0xA5);
        new Random(1).NextBytes(message);

        Assert.False(new MessageDeflater(new DeflateSettings(9, 0)).TryDeflate(message, destination, out int written));
        Assert.Equal(0, written);
        Assert.Equal(-1, destination.AsSpan(wanted).IndexOfAnyExcept((byte)0xA5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MessageDeflater(new DeflateSettings()).TryDeflate(message, new byte[wanted - 1], out _));
    }

    [Fact]
    public void Compressing_allocates_a_few_small_objects_and_keeps_none()
    {
        byte[] message = Json(16384);
        byte[] destination = new byte[MessageDeflater.DestinationLength(message.Length)];
        var deflater = new MessageDeflater(new DeflateSettings());

        Assert.InRange(Allocation.Of(() => Assert.True(deflater.TryDeflate(message, destination, out _))), 1, 512);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(10, 0)]
    [InlineData(1, -1)]
    public void Settings_are_checked(int level, int threshold) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new DeflateSettings(level, threshold));

    internal static byte[] Json(int size)
    {
        var text = new StringBuilder();
        for (int i = 0; text.Length < size; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""{"type":"message","channel":"room:general","offset":{{i}},"user":"u{{i * 7919 % 101}}","text":"n{{i}}"},""");
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, size));
    }
}

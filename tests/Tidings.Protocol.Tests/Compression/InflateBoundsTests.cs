using System.Buffers;
using Tidings.Protocol.Compression;

namespace Tidings.Protocol.Tests.Compression;

/// <summary>Bounds are asked while a message is being inflated: a kilobyte that becomes a megabyte never holds it.</summary>
public sealed class InflateBoundsTests
{
    private const int KB = 1024;

    private readonly List<int> _grown = [];

    [Theory]
    [InlineData(1024 * KB, 64 * KB, 1024 * KB, "Dropped")]
    [InlineData(64 * KB, 64 * KB, 1024 * KB, "Ok")]
    [InlineData(64 * KB + 1, 64 * KB, 1024 * KB, "Dropped")]
    [InlineData(1024 * KB + 1, 64 * KB, 1024 * KB, "TooLarge")]
    [InlineData(1024 * KB, 16 * KB, 16 * KB, "TooLarge")]
    [InlineData(10, 1, 1024 * KB, "Dropped")]
    public void What_goes_beyond_is_counted_and_not_kept(int length, int keep, int limit, string expected)
    {
        var payload = Inflated.Deflate(new byte[length], level: 6)!;
        Assert.True(payload.Length < length / 500 + 20);
        var result = Inflate(payload, new InflateBounds(keep, limit), out var rented, out var counted);
        Assert.Equal(expected, result.ToString());
        Assert.InRange(_grown.Sum(), 1, keep);
        Assert.Equal(result is InflateResult.Ok or InflateResult.Dropped ? length : 0, counted);
        Assert.Equal(result == InflateResult.Ok, rented.Length > 0);
        Return(rented);
    }

    [Fact]
    public void Final_blocks_among_what_is_dropped_are_told_from_its_end()
    {
        var one = Inflated.Deflate(new byte[40 * KB], level: 6)!;
        byte[] both = [.. one, 0x00, 0x00, 0xFF, 0xFF, 0x01, 0x00, 0x00, 0xFF, 0xFF, .. one];
        Assert.Equal(InflateResult.Dropped, Inflate(both, new InflateBounds(64 * KB, 1024 * KB), out _, out var length));
        Assert.Equal(80 * KB, length);
        Assert.Equal(InflateResult.Ok, Inflate(both, InflateBounds.Of(128 * KB), out var rented, out length));
        Assert.Equal(80 * KB, length);
        Return(rented);
    }

    [Fact]
    public void A_stream_that_ends_by_itself_is_bounded_as_well()
    {
        using var bytes = new MemoryStream();
        using (var deflate = new System.IO.Compression.DeflateStream(bytes, System.IO.Compression.CompressionLevel.Optimal))
        {
            deflate.Write(new byte[900_000]);
        }

        Assert.Equal(InflateResult.Dropped, Inflate([.. bytes.ToArray(), 0], new InflateBounds(64 * KB, 1024 * KB), out _, out var length));
        Assert.Equal(900_000, length);
    }

    [Fact]
    public void Where_memory_may_not_grow_inflating_stops()
    {
        var payload = Inflated.Deflate(new byte[60 * KB], level: 6)!;
        var left = 8 * KB;
        var bounds = InflateBounds.Of(64 * KB) with { MayGrow = bytes => (left -= bytes) >= 0 };
        Assert.Equal(InflateResult.NoMemory, MessageInflater.Inflate(payload, bounds, out var rented, out var length));
        Assert.Equal((0, 0), (rented.Length, length));
    }

    [Theory]
    [InlineData(0, 256, 256)]
    [InlineData(16 * KB, 16 * KB, 16 * KB)]
    [InlineData(16 * KB + 1, 64 * KB, 64 * KB)]
    [InlineData(1024 * KB, 64 * KB, 64 * KB)]
    public void Up_to_a_quarter_of_what_is_kept_there_is_as_much_room_as_is_wanted_and_beyond_it_all(int wanted, int room, int grown)
    {
        var buffer = new InflateBuffer(InflateBounds.Of(64 * KB) with { MayGrow = Grow });
        Assert.True(buffer.TryFree(wanted, out var free));
        Assert.Equal((room, grown), (free.Length, Assert.Single(_grown)));
        buffer.Return();
    }

    private InflateResult Inflate(ReadOnlySpan<byte> payload, InflateBounds bounds, out byte[] rented, out int length) =>
        MessageInflater.Inflate(payload, bounds with { MayGrow = Grow }, out rented, out length);

    private bool Grow(int bytes)
    {
        _grown.Add(bytes);
        return true;
    }

    private static void Return(byte[] rented) => ArrayPool<byte>.Shared.Return(rented);
}

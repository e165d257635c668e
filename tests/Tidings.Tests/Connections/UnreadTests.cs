using Tidings.Connections;

namespace Tidings.Tests.Connections;

public sealed class UnreadTests
{
    [Fact]
    public void What_is_added_comes_out_in_order_however_much_is_read_at_a_time()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var (expected, read) = (new List<byte>(), new List<byte>());
        Unread? unread = null;
        for (var i = 0; i < 5000; i++)
        {
            var part = new byte[random.Next(1, 40)];
            random.NextBytes(part);
            expected.AddRange(part);
            if (unread is null)
            {
                unread = new Unread(part);
            }
            else
            {
                unread.Add(part);
            }

            var take = random.Next(0, 2 * unread.Bytes.Length / 3 + 1);
            read.AddRange(unread.Bytes[..take]);
            unread.Keep(unread.Bytes.Length - take);
        }

        read.AddRange(unread!.Bytes);
        Assert.True(expected.SequenceEqual(read), $"seed {seed}");
    }

    [Fact]
    public void It_holds_a_bounded_multiple_of_what_is_in_it()
    {
        var unread = new Unread(new byte[1000]);
        for (var i = 0; i < 100_000; i++)
        {
            unread.Add(new byte[100]);
            unread.Keep(1000);
        }

        Assert.InRange(unread.Size, 1000, 8000);
    }
}

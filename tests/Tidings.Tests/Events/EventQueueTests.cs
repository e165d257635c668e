using Tidings.Events;

namespace Tidings.Tests.Events;

public sealed class EventQueueTests
{
    private static readonly byte[] Ten = new byte[10];

    [Fact]
    public void Over_its_bounds_the_oldest_go_and_are_counted()
    {
        var byCount = new EventQueue(3, long.MaxValue);
        var byBytes = new EventQueue(long.MaxValue, 30);
        List<long> dropped = [];
        for (var i = 0; i < 5; i++)
        {
            byCount.Add(Ten, dropped);
            byBytes.Add(Ten);
        }

        Assert.Equal([1L, 2L], dropped);
        foreach (var queue in new[] { byCount, byBytes })
        {
            Assert.Equal((3, 30L, 2L), (queue.Count, queue.Bytes, queue.Trimmed));
            Assert.Equal([3L, 4L, 5L], queue.After(0).Select(static entry => entry.Place));
        }
    }

    [Fact]
    public void One_event_may_always_wait()
    {
        var queue = new EventQueue(10, 5);
        queue.Add(Ten);
        Assert.Equal((1, 0L), (queue.Count, queue.Trimmed));
        queue.Add(Ten);
        Assert.Equal((1, 1L), (queue.Count, queue.Trimmed));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_is_a_list_from_which_anything_can_be_taken(int seed)
    {
        var random = new Random(seed);
        var queue = new EventQueue(long.MaxValue, long.MaxValue);
        SortedSet<long> expected = [];
        for (var i = 0; i < 20_000; i++)
        {
            if (random.Next(2) == 0 || expected.Count == 0)
            {
                expected.Add(queue.Next);
                queue.Add(Ten);
            }
            else
            {
                var place = random.Next(3) == 0 ? expected.ElementAt(random.Next(expected.Count)) : expected.Min;
                queue.Remove(place);
                queue.Remove(place);
                expected.Remove(place);
            }
        }

        var after = expected.Count == 0 ? 0 : expected.ElementAt(expected.Count / 2);
        Assert.Equal(expected.Where(place => place > after), queue.After(after).Select(static entry => entry.Place));
        Assert.Equal((expected.Count, expected.Count * 10L), (queue.Count, queue.Bytes));
    }
}

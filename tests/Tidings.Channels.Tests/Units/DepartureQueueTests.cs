using Tidings.Presence;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Units;

/// <summary>Members that have gone wait for their grace, as many as there is room for.</summary>
public sealed class DepartureQueueTests
{
    [Fact]
    public void Each_leaves_after_its_grace()
    {
        var time = new ManualTime();
        var left = new List<int>();
        using var queue = new DepartureQueue<int>(time, (who, _) => left.Add(who), most: 3);
        queue.Add(1);
        time.Advance(TimeSpan.FromSeconds(3));
        queue.Add(2);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([1], left);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal([1, 2], left);
    }

    [Fact]
    public void Over_the_bound_those_that_have_waited_longest_leave_early()
    {
        var time = new ManualTime();
        var left = new List<int>();
        using var queue = new DepartureQueue<int>(time, (who, _) => left.Add(who), most: 3);
        for (var i = 1; i <= 10; i++)
        {
            queue.Add(i);
        }

        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(Enumerable.Range(1, 7), left);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Enumerable.Range(1, 10), left);
    }
}

using Tidings.Presence;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Units;

/// <summary>Members that have gone wait for their grace, as many as there is room for.</summary>
public sealed class DepartureQueueTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    [Fact]
    public void Each_leaves_after_itGrace()
    {
        var time = new ManualTime();
        var left = new List<int>();
        using var queue = new DepartureQueue<int>(time, (who, _) => left.Add(who), most: 3);
        queue.Add(1, Grace);
        time.Advance(TimeSpan.FromSeconds(3));
        queue.Add(2, Grace);
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
            queue.Add(i, Grace);
        }

        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(Enumerable.Range(1, 7), left);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Enumerable.Range(1, 10), left);
    }

    [Fact]
    public void A_shorter_grace_goes_before_a_longer_one_that_began_earlier()
    {
        var time = new ManualTime();
        var left = new List<string>();
        using var queue = new DepartureQueue<string>(time, (who, _) => left.Add(who), most: 10);
        queue.Add("long", TimeSpan.FromMinutes(1));
        queue.Add("short", TimeSpan.FromSeconds(1));
        queue.Add("short, too", TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["short", "short, too"], left);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal("long", left[^1]);
    }

    [Fact]
    public void What_is_kept_of_them_counts_against_the_bound()
    {
        var time = new ManualTime();
        var left = new List<int>();
        using var queue = new DepartureQueue<int>(time, (who, _) => left.Add(who), most: 10);
        for (var i = 1; i <= 5; i++)
        {
            queue.Add(i, Grace, info: 4 * 1024);
        }

        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([1, 2, 3], left);
    }
}

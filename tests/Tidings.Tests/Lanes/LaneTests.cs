using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using TestKit;
using Tidings.Lanes;

namespace Tidings.Tests.Lanes;

public sealed class LaneTests
{
    [Fact]
    public void A_lane_is_woken_once_for_all_that_is_posted_until_its_turn()
    {
        using var lane = new TestLane(TimeProvider.System);
        var ran = new List<int>();
        lane.Post(new Work(() => ran.Add(1)));
        Assert.True(lane.IsAwake);
        lane.Post(new Work(() => ran.Add(2)));
        lane.RunTurns();
        Assert.Equal([1, 2], ran);
        Assert.False(lane.IsAwake);
        lane.Post(new Work(() => ran.Add(3)));
        Assert.True(lane.IsAwake);
    }

    [Fact]
    public void Work_that_fails_keeps_no_other_from_running()
    {
        using var lane = new TestLane(TimeProvider.System);
        var ran = 0;
        lane.Post(new Work(() => throw new InvalidOperationException("on purpose")));
        lane.Post(new Work(() => ran++));
        lane.RunTurns();
        Assert.Equal(1, ran);
    }

    [Fact]
    public void A_fan_out_that_fails_keeps_no_other_from_its_turn_and_the_lane_alive()
    {
        using var lane = new TestLane(TimeProvider.System);
        var ran = 0;
        lane.Post(new Work(() =>
        {
            lane.MarkPending(new Work(() => throw new InvalidOperationException("on purpose")));
            lane.MarkPending(new Work(() => ran++));
        }));
        lane.RunTurns();
        lane.Post(new Work(() => ran++));
        Assert.True(lane.IsAwake);
        lane.RunTurns();
        Assert.Equal(2, ran);
    }

    [Fact]
    public async Task A_pool_lane_runs_one_turn_at_a_time_and_keeps_the_order_of_each_poster()
    {
        const int Posters = 4;
        const int Each = 20_000;
        using var lane = new PoolLane(TimeProvider.System, NullLogger.Instance);
        var running = 0;
        var overlaps = 0;
        var seen = new ConcurrentDictionary<int, int>();
        var disorder = 0;
        await Task.WhenAll(Enumerable.Range(0, Posters).Select(poster => Task.Run(() =>
        {
            for (var i = 1; i <= Each; i++)
            {
                var number = i;
                var work = new Work(() =>
                {
                    overlaps += Interlocked.Increment(ref running) - 1;
                    disorder += seen.GetValueOrDefault(poster) == number - 1 ? 0 : 1;
                    seen[poster] = number;
                    Interlocked.Decrement(ref running);
                });
                if (i % 3 == 0)
                {
                    lane.PostAndRun(work);
                }
                else
                {
                    lane.Post(work);
                }
            }
        })));
        await Eventually.TrueAsync(() => seen.Count == Posters && seen.Values.All(last => last == Each), "all work has run");
        Assert.Equal((0, 0), (overlaps, disorder));
    }

    private sealed class Work(Action action) : ILaneWork, IFanOut
    {
        public void Run(object? argument) => action();

        public void FanOut() => action();
    }
}

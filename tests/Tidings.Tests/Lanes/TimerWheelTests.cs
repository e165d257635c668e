using TestKit;
using Tidings.Lanes;
using Tidings.Testing;

namespace Tidings.Tests.Lanes;

public sealed class TimerWheelTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly TestLane _lane;

    public TimerWheelTests()
    {
        _lane = new TestLane(_time);
        _lane.RunTurns();
    }

    private long Now => (long)TimeSpan.FromTicks(_time.GetTimestamp()).TotalMilliseconds;

    public void Dispose() => _lane.Dispose();

    [Fact]
    public void Nothing_ticks_while_there_is_no_deadline()
    {
        Assert.Equal(0, _time.ArmedTimers);
        var entry = new Entry(_lane);
        _lane.Timers.Schedule(entry, 500);
        Assert.Equal(1, _time.ArmedTimers);
        Pass(1_000);
        Assert.Equal(0, _time.ArmedTimers);
        Assert.Single(entry.Fired);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(149)]
    [InlineData(30_000)]
    [InlineData(102_400)]
    [InlineData(102_401)]
    [InlineData(3_600_000)]
    public void A_deadline_is_met_within_a_tick_and_never_early(int due)
    {
        var entry = new Entry(_lane);
        _lane.Timers.Schedule(entry, due);
        for (var step = 0; entry.Fired.Count == 0; step++)
        {
            Assert.True(Now <= due + TimerWheel.Tick, $"not fired by {Now}");
            Pass(due > 200_000 && due - Now > 1_000 ? 500 : 10);
        }

        Assert.InRange(entry.Fired[0], due, due + TimerWheel.Tick + 10);
        Pass(200_000);
        Assert.Single(entry.Fired);
    }

    [Fact]
    public void A_deadline_can_be_moved_either_way_and_dropped()
    {
        var entry = new Entry(_lane);
        _lane.Timers.Schedule(entry, 1_000);
        _lane.Timers.Schedule(entry, 5_000);
        Pass(2_000);
        Assert.Empty(entry.Fired);
        _lane.Timers.Schedule(entry, 3_000);
        Pass(1_100);
        Assert.Single(entry.Fired);
        _lane.Timers.Schedule(entry, 9_000);
        _lane.Timers.Cancel(entry);
        _lane.Timers.Cancel(entry);
        Pass(20_000);
        Assert.Single(entry.Fired);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(-100, 1)]
    [InlineData(-45_000, 1)]
    [InlineData(-45_000, 2)]
    public void What_fires_may_ask_for_a_time_that_has_passed_and_fires_within_a_tick_or_two(int from, int entries)
    {
        // Also where a pause has left many slots to run.
        foreach (var pause in new[] { 50_000, 150_000 })
        {
            var began = Now;
            List<Entry> all = [.. Enumerable.Range(0, entries).Select(_ => new Entry(_lane))];
            foreach (var entry in all)
            {
                entry.OnFire = () =>
                {
                    if (entry.Fired.Count < 3)
                    {
                        _lane.Timers.Schedule(entry, Now + from);
                    }
                };
                _lane.Timers.Schedule(entry, began + 40_000);
            }

            Pass(pause);
            Pass(2 * TimerWheel.Tick);
            Pass(2 * TimerWheel.Tick);
            Assert.All(all, static entry => Assert.Equal(3, entry.Fired.Count));
            Assert.Equal(0, _time.ArmedTimers);
        }
    }

    [Fact]
    public void What_fires_may_schedule_itself_again_and_drop_others_that_are_due()
    {
        var victim = new Entry(_lane);
        var entry = new Entry(_lane);
        entry.OnFire = () =>
        {
            _lane.Timers.Cancel(victim);
            if (entry.Fired.Count < 5)
            {
                _lane.Timers.Schedule(entry, _lane.Now + 250);
            }
        };
        _lane.Timers.Schedule(entry, 1_000);
        _lane.Timers.Schedule(victim, 1_000);
        for (var i = 0; i < 300; i++)
        {
            Pass(10);
        }

        Assert.Equal(5, entry.Fired.Count);
        Assert.Empty(victim.Fired);
        Assert.All(entry.Fired.Zip(entry.Fired.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 250, 250 + TimerWheel.Tick + 10));
    }

    [Fact]
    public void One_that_throws_keeps_no_other_from_its_deadline()
    {
        var bad = new Entry(_lane) { OnFire = () => throw new InvalidOperationException("on purpose") };
        var good = new Entry(_lane);
        var later = new Entry(_lane);
        _lane.Timers.Schedule(bad, 1_000);
        _lane.Timers.Schedule(good, 1_000);
        _lane.Timers.Schedule(later, 4_000);
        Pass(1_200);
        Pass(1_200);
        Assert.Single(good.Fired);
        Pass(2_000);
        Assert.Single(later.Fired);
    }

    [Fact]
    public void After_a_long_pause_all_that_is_due_fires_once()
    {
        var entries = Enumerable.Range(1, 500).Select(i => (Entry: new Entry(_lane), Due: i * 997)).ToList();
        entries.ForEach(item => _lane.Timers.Schedule(item.Entry, item.Due));
        _time.Advance(TimeSpan.FromMilliseconds(300_000));
        _lane.RunTurns();
        Assert.All(entries, item => Assert.Equal(item.Due <= 300_000 ? 1 : 0, item.Entry.Fired.Count));
    }

    [Fact]
    public void It_does_what_a_sorted_list_does() => Seeds.Each(60, random =>
    {
        var time = new ManualTime();
        using var lane = new TestLane(time);
        lane.RunTurns();
        var entries = Enumerable.Range(0, 40).Select(_ => new Entry(lane)).ToList();
        var due = entries.ToDictionary(entry => entry, _ => long.MaxValue);
        var fired = entries.ToDictionary(entry => entry, _ => 0);
        for (var step = 0; step < 600; step++)
        {
            var entry = entries[random.Next(entries.Count)];
            switch (random.Next(5))
            {
                case 0 or 1:
                    due[entry] = lane.Now + random.Next(random.Next(4) == 0 ? 400_000 : 3_000);
                    lane.Timers.Schedule(entry, due[entry]);
                    break;
                case 2:
                    due[entry] = long.MaxValue;
                    lane.Timers.Cancel(entry);
                    break;
                default:
                    time.Advance(TimeSpan.FromMilliseconds(random.Next(random.Next(6) == 0 ? 150_000 : 700)));
                    lane.Post(Nothing.Instance);
                    lane.RunTurns();
                    foreach (var other in entries)
                    {
                        var isDue = lane.Now - TimerWheel.Tick >= due[other];
                        var count = other.Fired.Count - fired[other];
                        Assert.True(count <= 1 && (count == 1 || !isDue) && (count == 0 || lane.Now >= due[other]), $"step {step}: due {due[other]}, now {lane.Now}, fired {count}");
                        fired[other] += count;
                        due[other] = count == 1 ? long.MaxValue : due[other];
                    }

                    break;
            }
        }
    });

    private void Pass(int milliseconds)
    {
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        _lane.RunTurns();
    }

    private sealed class Entry(Lane lane) : TimerEntry
    {
        public List<long> Fired { get; } = [];
        public Action? OnFire { get; set; }

        protected internal override void OnDue()
        {
            Fired.Add(lane.Now);
            OnFire?.Invoke();
        }
    }

    private sealed class Nothing : ILaneWork
    {
        public static readonly Nothing Instance = new();

        public void Run(object? argument)
        {
        }
    }
}
